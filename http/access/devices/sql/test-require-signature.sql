update devices set requires_signature = true
