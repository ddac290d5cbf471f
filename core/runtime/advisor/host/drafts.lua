--- ctx.each_draft(count, fn): the loop of a generate script. Runs fn(i) for 1 to
--- count at once, each in a lane of its own; fn returns a draft, or nil and why
--- there is none. Gives the drafts in order, those that were lost are noted; nil
--- and a message where all were lost.
---@param map fun(list: any[], fn: function): any[], table<integer, string> As ctx.map.
---@param note fun(remark: string) As ctx.note.
---@return fun(count: integer, fn: fun(i: integer): table|nil, string|nil): table[]|nil, string|nil
return function(map, note)
  return function(count, fn)
    if math.type(count) ~= "integer" or count < 0 then
      error("ctx.each_draft: a number of drafts is expected", 2)
    end
    if type(fn) ~= "function" then error("ctx.each_draft: a function is expected", 2) end
    local numbers, drafts = {}, {}
    for i = 1, count do numbers[i] = i end
    local made, lost = map(numbers, fn)
    for i = 1, count do
      if made[i] then
        drafts[#drafts + 1] = made[i]
      else
        note(("draft %d was lost: %s"):format(i, lost[i] or "no result"))
      end
    end
    if #drafts == 0 and count > 0 then
      return nil, "no draft was made: " .. (lost[1] or "no result")
    end
    return drafts
  end
end
