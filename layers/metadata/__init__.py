"""What is said about a data set, as ISO 19139 XML and as DCAT: written for ours, read of a file."""
