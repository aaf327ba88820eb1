-- Says where a ticket stands: how many contacts of its queue, of all lanes, would be offered before it, and how fast its lane moved lately.
-- The work grows with the number of lanes, not with what waits in them.
-- KEYS as in prelude.lua
-- ARGV 3 ticket   4 most equally urgent contacts of another lane to look at
-- Returns {'OK' | 'NOT_READY'}, then {'WAITING' | 'OFFERED' | 'PARKED' | 'NONE', contacts before it, server ms now}, then for each of the last
--   acceptances of its lane, oldest first, {taken at in server ms, ms for which it was the head}
if not complete then
  return {{'NOT_READY'}}
end
local ticket = ARGV[3]
local item, holder = item_of(ticket), holder_of(ticket)
local now = text(now_ms())
if not item then
  return {{'OK'}, {'NONE', '0', now}}
end
local before, state = 0, 'WAITING'
if holder and holder[KIND] == 'L' then
  state = 'OFFERED'
elseif call('ZSCORE', PARKED, ticket) then
  state = 'PARKED'
else
  local queue = string.match(item[LANE], '^(.*)/[^/]*$')
  for name in string.gmatch(ARGV[1], '[^\n]+') do
    if name == item[LANE] then
      before = before + (call('ZRANK', lane_key[name], item[MEMBER]) or 0)
    elseif string.match(name, '^(.*)/[^/]*$') == queue then
      before = before + call('ZCOUNT', lane_key[name], '-inf', '(' .. item[SCORE])
      for _, member in ipairs(call('ZRANGEBYSCORE', lane_key[name], item[SCORE], item[SCORE], 'LIMIT', '0', ARGV[4])) do
        if member < item[MEMBER] then
          before = before + 1
        end
      end
    end
  end
end
local out = {{'OK'}, {state, text(before), now}}
local packed = call('HGET', META, 'pace\n' .. item[LANE])
local pace = packed and unpack_(packed) or {}
for i = 1, #pace, 2 do
  out[#out + 1] = {text(pace[i]), text(pace[i + 1])}
end
return out
