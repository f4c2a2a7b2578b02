"""What is optimised: specifications, candidates, and everything done to a kernel's text. No Ray, no processes."""
