"""Known harmful changes to the lab's own code; a test has to catch each of them."""
