"""What can be executed: pipelines, `echo`, and what the setting `processes` names."""
