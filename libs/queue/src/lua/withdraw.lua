-- Ends all offers of an agent: who showed them is gone. The contacts go back to their old places, uncounted: it is not their fault.
-- Looks at every lease of the tenant, which are no more than the slots of its agents.
-- KEYS as in prelude.lua
-- ARGV 3 agent   4 returns after which a contact is parked
-- Returns {'OK'}, then for each {'REQUEUED'|'PARKED'|'GONE', ticket, token, agent}
local agent, max_returns = ARGV[3], tonumber(ARGV[4])
local out = {{'OK'}}
for _, ticket in ipairs(call('ZRANGE', LEASES, 0, -1)) do
  local packed = call('HGET', HOLDERS, ticket)
  -- Unpacks only what may be theirs.
  local holder = packed and string.find(packed, agent, 1, true) and unpack_(packed)
  if holder and holder[KIND] == 'L' and holder[AGENT] == agent then
    out[#out + 1] = {return_item(ticket, holder, false, max_returns, 0, now_ms()), ticket, holder[TOKEN], agent}
  end
end
return out
