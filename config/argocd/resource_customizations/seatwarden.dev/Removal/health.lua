-- Runs in the sandbox of Argo CD, which has neither string nor math.
local function health(status, message)
  return { status = status, message = message }
end

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end
local ready = conditions["Ready"]

if obj.metadata.deletionTimestamp ~= nil then
  if ready ~= nil and ready.status ~= "True" then
    return health("Progressing", ready.message)
  end
  return health("Progressing", "the object is being deleted")
end
if ready == nil or obj.status.observedGeneration ~= obj.metadata.generation then
  return health("Progressing", "the operator has not looked at this version yet")
end
if conditions["Reconciling"] ~= nil and conditions["Reconciling"].status == "True" then
  return health("Progressing", conditions["Reconciling"].message)
end
-- Neither done nor at work: a person must act.
if ready.status == "False" then
  return health("Degraded", ready.message)
end
if ready.status ~= "True" then
  return health("Progressing", ready.message)
end
return health("Healthy", ready.message)
