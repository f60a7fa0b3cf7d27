"""Timetables of public transport (GTFS Schedule) read into stops, lines and departures."""
