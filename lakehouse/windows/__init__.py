"""Compute the panes of windows from batches of events and the state that is kept between them; no engine is needed."""
