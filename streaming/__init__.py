"""The engine: asks a model, keeps the answer as a log, lets anyone follow it."""
