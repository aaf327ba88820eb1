-- Offers an agent the most urgent contacts over their lanes, as many as capacity allows, each with a lease and a slot taken.
-- KEYS as in prelude.lua
-- ARGV 3 agent   4 lease in ms   5 most contacts to take   6 most contacts to pass over in one call (declined by this agent lately)
--      7 number of lanes n   8… n × (lane, channel)   then number of channels m, m × (channel, capacity)   then one token for each contact
-- Returns {'OK'} or {'NOT_READY'}, then for each contact
--   {token, ticket, generation, lane, score, member, returns, lease expiry in server ms, server ms now, trace, data}
if not complete then
  return {{'NOT_READY'}}
end
local agent, lease_ms, count, passes = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local at, lanes = 7, {}
local lane_total = tonumber(ARGV[at])
for i = 1, lane_total do
  lanes[i] = {key = lane_key[ARGV[at + 2 * i - 1]], channel = ARGV[at + 2 * i], offset = 0}
end
at = at + 2 * lane_total + 1
local free = {}
for i = 1, tonumber(ARGV[at]) do
  local channel = ARGV[at + 2 * i - 1]
  free[channel] = tonumber(ARGV[at + 2 * i]) - tonumber(call('HGET', LOADS, agent .. '\n' .. channel) or '0')
end
at = at + 2 * tonumber(ARGV[at])

local function advance(lane)
  local head = call('ZRANGE', lane.key, lane.offset, lane.offset, 'WITHSCORES')
  lane.member, lane.score = head[1], head[2] and tonumber(head[2])
end

for _, lane in ipairs(lanes) do
  if (free[lane.channel] or 0) > 0 then
    advance(lane)
  end
end

local function best_lane()
  local best
  for _, lane in ipairs(lanes) do
    if lane.member and free[lane.channel] > 0 then
      if not best or lane.score < best.score or (lane.score == best.score and lane.member < best.member) then
        best = lane
      end
    end
  end
  return best
end

local now, taken, out = now_ms(), 0, {{'OK'}}
while taken < count do
  local lane = best_lane()
  if not lane then
    break
  end
  local ticket = string.sub(lane.member, 22)
  local item = item_of(ticket)
  if (item[SKIP][agent] or 0) > now then
    passes = passes - 1
    if passes < 0 then
      break
    end
    lane.offset = lane.offset + 1
  else
    taken = taken + 1
    local token = ARGV[at + taken]
    call('ZREM', lane.key, lane.member)
    call('ZADD', LEASES, now + lease_ms, ticket)
    call('HINCRBY', LOADS, agent .. '\n' .. item[CHANNEL], 1)
    save_holder(ticket, {'L', item[GENERATION], agent, item[CHANNEL], token, now})
    free[lane.channel] = free[lane.channel] - 1
    out[#out + 1] = {token, ticket, text(item[GENERATION]), item[LANE], item[SCORE], item[MEMBER], text(item[RETURNS]),
      text(now + lease_ms), text(now), item[TRACE], item[DATA]}
  end
  advance(lane)
end
return out
