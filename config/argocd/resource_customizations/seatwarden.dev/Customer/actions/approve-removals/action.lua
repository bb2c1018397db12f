-- The hash names what is held in this very object: more that is held later waits
-- for an approval of its own.
if obj.status == nil or obj.status.heldRemovals == nil then
  error("no removal waits for approval")
end
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["seatwarden.dev/approve-removals"] = obj.status.heldRemovals.hash
return obj
