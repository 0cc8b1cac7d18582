/**
 * One exchange between a replica and what all replicas have spent and leased of budgets, in one atomic step.
 *
 * KEYS: the live replicas by when they were last heard, then one hash for each ask.
 * ARGV: the replica, how long one counts as live without being heard, how long a hash is kept without being asked, and the
 * asks as a JSON list: `[amount, recorded, unrecorded, fresh, spent, lease, reserved, need, want]`, see
 * `core/budget-lease`.
 *
 * A hash has what was spent before it began (`base`), the most that a replica has seen in the ledger (`recorded`), and of
 * each replica what it has spent beyond that (`s:`) and how much more or less that is than it says (`o:`), what it has
 * leased (`l:`) and reserved (`r:`). What is spent is the
 * larger of what they told and of what the ledger says: so what one that died had not told counts when its rows come.
 *
 * Returns for each ask the members of `BudgetAnswer` in their order.
 */
export const budgetScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replica = ARGV[1]
redis.call('ZADD', KEYS[1], now, replica)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
local replicas = redis.call('ZCARD', KEYS[1])

local function whole(number)
  return string.format('%.0f', number)
end

local function budget(key, amount, recorded, unrecorded, fresh, spent, lease, reserved, need, want)
  local offset = redis.call('HGET', key, 'o:' .. replica)
  if redis.call('HSETNX', key, 'base', whole(recorded)) == 1 then
    offset = unrecorded - spent
  elseif not offset then
    offset = fresh - spent
  end
  redis.call('HSET', key, 'o:' .. replica, whole(offset))
  spent = spent + offset

  local told, known, held, inFlight = 0, 0, 0, 0
  local fields = redis.call('HGETALL', key)
  for at = 1, #fields, 2 do
    local name, value = fields[at], tonumber(fields[at + 1])
    local kind, who = string.sub(name, 1, 2), string.sub(name, 3)
    if name == 'base' then
      told = told + value
    elseif name == 'recorded' then
      known = value
    elseif kind ~= 'o:' and who ~= replica then
      if kind == 's:' then
        told = told + value
      elseif not redis.call('ZSCORE', KEYS[1], who) then
        redis.call('HDEL', key, name)
      elseif kind == 'l:' then
        held = held + value
      else
        inFlight = inFlight + value
      end
    end
  end
  if recorded > known then
    known = recorded
    redis.call('HSET', key, 'recorded', whole(known))
  end
  local total = math.max(told + spent, known + unrecorded)

  local free = math.max(0, amount - total - held - lease)
  local granted = math.min(need, free)
  if granted == need then
    granted = granted + math.max(0, math.min(want, math.floor((free - need) / (2 * replicas))))
  end
  redis.call('HSET', key, 's:' .. replica, whole(spent))
  if lease + granted > 0 or reserved > 0 then
    redis.call('HSET', key, 'l:' .. replica, whole(lease + granted), 'r:' .. replica, whole(reserved))
  else
    redis.call('HDEL', key, 'l:' .. replica, 'r:' .. replica)
  end
  redis.call('PEXPIRE', key, ARGV[3])
  return whole(granted), whole(total), whole(inFlight), whole(free - granted)
end

local reply = {}
for at, ask in ipairs(cjson.decode(ARGV[4])) do
  for _, member in ipairs({budget(KEYS[at + 1], unpack(ask))}) do
    reply[#reply + 1] = member
  end
end
return reply
`;
