-- Returns contacts whose lease has run out, and lets parked ones wait again after a while. Any number of sweepers may call it: each
-- lease is ended once.
-- KEYS as in prelude.lua
-- ARGV 3 most leases to end, and most parked contacts to set free   4 returns after which a contact is parked
--      5 ms for which the silent agent is passed over   6 ms after which a parked contact goes back to its place
-- Returns {'OK', number of contacts set free} or {'NOT_READY'}, then for each lease {'REQUEUED'|'PARKED'|'GONE', ticket, token, agent}
if not complete then
  return {{'NOT_READY'}}
end
local max_returns, cooldown_ms, parked_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local now = now_ms()
local free = call('ZRANGEBYSCORE', PARKED, '-inf', text(now - parked_ms), 'LIMIT', '0', ARGV[3])
for _, ticket in ipairs(free) do
  local item = item_of(ticket)
  item[RETURNS], item[ONCE] = 0, {}
  save_item(ticket, item)
  call('ZREM', PARKED, ticket)
  enqueue(ticket, item)
end
local out = {{'OK', text(#free)}}
for _, ticket in ipairs(call('ZRANGEBYSCORE', LEASES, '-inf', text(now), 'LIMIT', '0', ARGV[3])) do
  local holder = holder_of(ticket)
  out[#out + 1] = {return_item(ticket, holder, 'once', max_returns, cooldown_ms, now), ticket, holder[TOKEN], holder[AGENT]}
end
return out
