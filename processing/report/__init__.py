"""The report on an area: one page, then an annex; as HTML and as PDF, in be, ru and en."""
