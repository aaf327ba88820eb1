-- Put in front of every script: names the keys, checks that the caller knows every lane, and holds what the scripts share.
-- A caller that does not know all lanes could neither declare their keys nor see their heads, so it is told and calls again.
-- KEYS 1 meta (hash: lanes, complete, rebuild, rebuild_until, seq, cursor, pace LF lane)   2 items (hash: ticket -> packed item)
--      3 holders (hash: ticket -> packed holder)   4 leases (zset: ticket -> expiry in server ms)
--      5 loads (hash: agent LF channel -> slots taken)   6 parked (zset: ticket -> parked at, server ms)
--      7… one zset for each lane, in the order of ARGV 1, then of ARGV 2: member "arrival:ticket" -> class * 2^44 + due ms
-- ARGV 1 the lanes the caller knows, LF-separated   2 lanes to add (apply only, else empty)   3… the script's own
-- Returns rows; the first is {status, …}. {{'LANES', lanes}} when ARGV 1 is not what meta holds; nothing was changed then.
local META, ITEMS, HOLDERS, LEASES, LOADS, PARKED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local call, pack, unpack_ = redis.call, cmsgpack.pack, cmsgpack.unpack

-- The fields of a packed item. Scores and members stay strings: Lua would print them with 14 digits only.
-- ONCE: the agents whose silence or lost stream has counted; missing in items of older processes.
local GENERATION, LANE, SCORE, MEMBER, CHANNEL, RETURNS, SKIP, TRACE, DATA, ONCE = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
-- The fields of a packed holder. KIND is 'L' (offered, has a lease), 'H' (the agent's, takes a slot) or
-- 'F' (the agent's, slot given back; kept so that older news cannot take the slot again). OFFERED_AT is in server ms; only offers
-- have it, and not those of older processes.
local KIND, HGENERATION, AGENT, HCHANNEL, TOKEN, OFFERED_AT = 1, 2, 3, 4, 5, 6

local meta = call('HMGET', META, 'lanes', 'complete', 'seq', 'cursor', 'rebuild', 'rebuild_until')
if (meta[1] or '') ~= ARGV[1] then
  return {{'LANES', meta[1] or ''}}
end
local complete = meta[2]

local lane_key, lane_count = {}, 0
for _, list in ipairs({ARGV[1], ARGV[2]}) do
  for name in string.gmatch(list, '[^\n]+') do
    lane_count = lane_count + 1
    lane_key[name] = KEYS[6 + lane_count]
  end
end

local function text(number)
  return string.format('%.0f', number)
end

-- Milliseconds by the server's clock: leases never depend on the clocks of those who hold them.
local function now_ms()
  local time = call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function item_of(ticket)
  local packed = call('HGET', ITEMS, ticket)
  return packed and unpack_(packed)
end

local function save_item(ticket, item)
  call('HSET', ITEMS, ticket, pack(item))
end

local function holder_of(ticket)
  local packed = call('HGET', HOLDERS, ticket)
  return packed and unpack_(packed)
end

local function save_holder(ticket, holder)
  call('HSET', HOLDERS, ticket, pack(holder))
end

local function give_back_slot(holder)
  local field = holder[AGENT] .. '\n' .. holder[HCHANNEL]
  if call('HINCRBY', LOADS, field, -1) <= 0 then
    call('HDEL', LOADS, field)
  end
end

-- Takes the ticket away from whoever holds it, with lease and slot.
local function drop_holder(ticket, holder)
  if holder[KIND] == 'L' then
    call('ZREM', LEASES, ticket)
  end
  if holder[KIND] ~= 'F' then
    give_back_slot(holder)
  end
  call('HDEL', HOLDERS, ticket)
end

-- Gives the ticket to an agent as theirs; takes a slot.
local function hold(ticket, generation, agent, channel, token)
  call('HINCRBY', LOADS, agent .. '\n' .. channel, 1)
  save_holder(ticket, {'H', generation, agent, channel, token})
end

-- An offer that became the agent's: the slot is taken already.
local function keep(ticket, holder, generation)
  call('ZREM', LEASES, ticket)
  holder[KIND], holder[HGENERATION] = 'H', generation
  save_holder(ticket, holder)
end

-- Remembers for how long the head of a lane stood there before an agent took it: since it came, or since the one before it was taken. So it
-- is short while agents are free, and the time between two acceptances while they are not. A flat list of at most 20 pairs: taken at, ms stood.
local function note_pace(item)
  local field, now = 'pace\n' .. item[LANE], now_ms()
  local packed = call('HGET', META, field)
  local pace = packed and unpack_(packed) or {}
  local came = math.floor(tonumber(string.sub(item[MEMBER], 1, 20)) / 1000)
  pace[#pace + 1] = now
  pace[#pace + 1] = math.max(0, now - math.max(came, pace[#pace - 2] or 0))
  while #pace > 40 do
    table.remove(pace, 1)
    table.remove(pace, 1)
  end
  call('HSET', META, field, pack(pace))
end

local function enqueue(ticket, item)
  call('ZADD', lane_key[item[LANE]], item[SCORE], item[MEMBER])
end

-- Removes a waiting ticket from wherever it waits. A leased one is in no lane and stays with its holder.
local function forget_item(ticket, item)
  call('ZREM', lane_key[item[LANE]], item[MEMBER])
  call('ZREM', PARKED, ticket)
  call('HDEL', ITEMS, ticket)
end

-- A returned offer goes back to its old place, or is parked after too many returns. The agent who let it go does not get it
-- again before `cooldown_ms`, so that others see it first and a single agent does not spin. `counted` is false, true, or 'once':
-- the same agent counts only the first time, so that one bad desktop cannot park what is urgent. Remembering who counted is bounded
-- by `max_returns`.
local function return_item(ticket, holder, counted, max_returns, cooldown_ms, now)
  drop_holder(ticket, holder)
  local item = item_of(ticket)
  if not item then
    return 'GONE'
  end
  if counted then
    local agent, once = holder[AGENT], item[ONCE] or {}
    if counted ~= 'once' or not once[agent] then
      item[RETURNS] = item[RETURNS] + 1
    end
    if counted == 'once' then
      once[agent] = true
    end
    item[ONCE] = once
    local skip = {}
    for who, until_ms in pairs(item[SKIP]) do
      if until_ms > now then
        skip[who] = until_ms
      end
    end
    skip[agent] = now + cooldown_ms
    item[SKIP] = skip
    save_item(ticket, item)
  end
  if item[RETURNS] >= max_returns then
    call('ZADD', PARKED, now, ticket)
    return 'PARKED'
  end
  enqueue(ticket, item)
  return 'REQUEUED'
end

