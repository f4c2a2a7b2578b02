"""Who decides: the campaign, its population and operators, the journal, the report and the command line."""
