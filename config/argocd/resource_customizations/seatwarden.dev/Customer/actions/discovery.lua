local held = obj.status ~= nil and obj.status.heldRemovals ~= nil
return {
  ["reconcile"] = { ["displayName"] = "Look at Auth0 now" },
  ["approve-removals"] = {
    ["disabled"] = not held,
    ["displayName"] = "Approve the removals that are held",
  },
}
