"""Plain functions of (transaction, batch): one outcome for each member, in the order of the batch."""
