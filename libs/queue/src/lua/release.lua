-- Ends offers: the contact goes back to its old place in its lane, with its original age.
-- KEYS as in prelude.lua
-- ARGV 3 how: 'counted' (declined: counts towards parking, passes this agent over for a while), 'once' (the stream was lost: the same,
--      but counts once for each agent), 'uncounted' (not the contact's fault) or 'discard' (ticketing refused the generation: it must
--      not be offered again; the feed brings what is true)
--      4 returns after which a contact is parked   5 ms for which the agent is passed over   6… ticket, token (the caller bounds them)
-- Returns {'OK'}, then for each {'REQUEUED'|'PARKED'|'DISCARDED'|'GONE'}; GONE: the lease was no longer the caller's
local how, max_returns, cooldown_ms = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local counted = ({counted = true, once = 'once'})[how] or false
local now, out = now_ms(), {{'OK'}}
for at = 6, #ARGV, 2 do
  local ticket, token = ARGV[at], ARGV[at + 1]
  local holder = holder_of(ticket)
  local outcome = 'GONE'
  if holder and holder[KIND] == 'L' and holder[TOKEN] == token then
    if how == 'discard' then
      drop_holder(ticket, holder)
      local item = item_of(ticket)
      if item and item[GENERATION] == holder[HGENERATION] then
        forget_item(ticket, item)
      end
      outcome = 'DISCARDED'
    else
      outcome = return_item(ticket, holder, counted, max_returns, cooldown_ms, now)
    end
  end
  out[#out + 1] = {outcome}
end
return out
