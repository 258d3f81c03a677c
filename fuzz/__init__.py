"""Campaigns against whatever a stranger's bytes reach. `README.md` says how to run them."""
