"""Indicators of the scorecard from layers and results: frames in, figures out.

Every function returns `Figures`: what it can say about the indicators it answers for, by code and
part. What is missing is a reason in three languages, never a zero.
"""
