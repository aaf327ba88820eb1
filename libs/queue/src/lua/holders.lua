-- Reads who holds tickets.
-- KEYS as in prelude.lua
-- ARGV 3… tickets (the caller bounds their number)
-- Returns {'OK'}, then for each {agent, token, generation}; agent '': nobody
local out = {{'OK'}}
for at = 3, #ARGV do
  local holder = holder_of(ARGV[at])
  out[#out + 1] = holder and {holder[AGENT], holder[TOKEN], text(holder[HGENERATION])} or {'', '', '0'}
end
return out
