"""The verbs, each one transaction: load, let the model decide, save guarded, record the event."""
