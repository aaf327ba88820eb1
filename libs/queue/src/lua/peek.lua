-- Shows what would be offered next over some lanes, in order, without taking it.
-- KEYS as in prelude.lua
-- ARGV 3 most contacts to show   4… lanes
-- Returns {'OK'} or {'NOT_READY'}, then for each contact {ticket, generation, lane, score, member, returns, trace, data}
if not complete then
  return {{'NOT_READY'}}
end
local limit, found = tonumber(ARGV[3]), {}
for at = 4, #ARGV do
  local heads = call('ZRANGE', lane_key[ARGV[at]], 0, limit - 1, 'WITHSCORES')
  for i = 1, #heads, 2 do
    found[#found + 1] = {member = heads[i], score = tonumber(heads[i + 1])}
  end
end
table.sort(found, function(a, b)
  if a.score ~= b.score then
    return a.score < b.score
  end
  return a.member < b.member
end)
local out = {{'OK'}}
for i = 1, math.min(limit, #found) do
  local ticket = string.sub(found[i].member, 22)
  local item = item_of(ticket)
  out[#out + 1] = {ticket, text(item[GENERATION]), item[LANE], item[SCORE], item[MEMBER], text(item[RETURNS]), item[TRACE], item[DATA]}
end
return out
