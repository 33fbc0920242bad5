"""Google's contract: the discovery documents, the check of requests and answers against them, and the journal of what broke it."""
