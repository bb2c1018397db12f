return { ["reconcile"] = { ["displayName"] = "Look at Auth0 now" } }
