-- Returns contacts whose lease has run out. Any number of sweepers may call it: each lease is ended once.
-- KEYS as in prelude.lua
-- ARGV 3 most leases to end   4 returns after which a contact is parked   5 ms for which the silent agent is passed over
-- Returns {'OK'} or {'NOT_READY'}, then for each {'REQUEUED'|'PARKED'|'GONE', ticket, token, agent}
if not complete then
  return {{'NOT_READY'}}
end
local max_returns, cooldown_ms = tonumber(ARGV[4]), tonumber(ARGV[5])
local now, out = now_ms(), {{'OK'}}
for _, ticket in ipairs(call('ZRANGEBYSCORE', LEASES, '-inf', text(now), 'LIMIT', '0', ARGV[3])) do
  local holder = holder_of(ticket)
  out[#out + 1] = {return_item(ticket, holder, true, max_returns, cooldown_ms, now), ticket, holder[TOKEN], holder[AGENT]}
end
return out
