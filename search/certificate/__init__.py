"""Certificate: what a run claims of its champion, with the evidence and all that is needed to repeat it elsewhere."""
