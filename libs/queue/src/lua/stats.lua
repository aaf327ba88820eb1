-- Counts what waits, what is offered and what is parked.
-- KEYS as in prelude.lua
-- ARGV 3 number of classes to count (class 0 first)   4 most parked contacts to show
-- Returns {'OK' | 'NOT_READY', offered, parked}, then for each lane {'LANE', lane, waiting, head member or '', count of class 0, class 1, …},
--   then for each parked contact {'PARKED', ticket, generation, lane, score, member, returns, trace, data}
local out = {{complete and 'OK' or 'NOT_READY', text(call('ZCARD', LEASES)), text(call('ZCARD', PARKED))}}
for name in string.gmatch(ARGV[1], '[^\n]+') do
  local key = lane_key[name]
  local row = {'LANE', name, text(call('ZCARD', key)), call('ZRANGE', key, 0, 0)[1] or ''}
  for class = 0, tonumber(ARGV[3]) - 1 do
    row[#row + 1] = text(call('ZCOUNT', key, text(class * 2 ^ 44), '(' .. text((class + 1) * 2 ^ 44)))
  end
  out[#out + 1] = row
end
for _, ticket in ipairs(call('ZRANGE', PARKED, 0, tonumber(ARGV[4]) - 1)) do
  local item = item_of(ticket)
  out[#out + 1] = {'PARKED', ticket, text(item[GENERATION]), item[LANE], item[SCORE], item[MEMBER], text(item[RETURNS]), item[TRACE], item[DATA]}
end
return out
