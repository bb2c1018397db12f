-- Without a seat nobody is invited, and who is in needs no link.
local seated, joined = false, false
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "SeatAssigned" then
      seated = condition.status == "True"
    elseif condition.type == "Invited" then
      joined = condition.reason == "Joined"
    end
  end
end
return {
  ["reconcile"] = { ["displayName"] = "Look at Auth0 now" },
  ["send-invitation"] = {
    ["disabled"] = not seated or joined,
    ["displayName"] = "Send the invitation again",
  },
}
