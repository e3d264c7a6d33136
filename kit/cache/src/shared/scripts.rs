//! What Redis decides: each in one step, so that of two processes at once neither overwrites what is newer.

use std::sync::LazyLock;

use kit_redis::Script;

/// What lies there, and Redis's time, from which a load that begins now may count.
pub(super) static LOOK: LazyLock<Script> = LazyLock::new(|| Script::new("cache_look", LOOK_TEXT));

/// Lays a value there, unless something newer is known, or it began before what is fenced off. Arguments: its
/// stamp, when its load began, how many microseconds ago that may be, for how many milliseconds it stays, and
/// the value.
pub(super) static FILL: LazyLock<Script> = LazyLock::new(|| Script::new("cache_fill", FILL_TEXT));

/// Remembers a version, or fences off whatever was loaded up to now; what lay there goes if it is older.
/// Arguments: the stamp, or nothing, and for how many milliseconds it stays.
pub(super) static MARK: LazyLock<Script> = LazyLock::new(|| Script::new("cache_tell", MARK_TEXT));

const LOOK_TEXT: &str = "
local time = redis.call('TIME')
local lying = redis.pcall('GET', KEYS[1])
if type(lying) ~= 'string' then lying = false end
return {time[1] * 1000000 + time[2], lying}
";

/// What is there of another type or shape counts as nothing, and is written over.
const FILL_TEXT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local began = tonumber(ARGV[2])
if began > now or now - began > tonumber(ARGV[3]) then return 0 end
local fence = '0000000000000000'
local head = redis.pcall('GETRANGE', KEYS[1], 0, 53)
if type(head) == 'string' and #head == 54 and string.match(head, '^[vm]%d+$') then
  local stamp = string.sub(head, 2, 22)
  fence = string.sub(head, 23, 38)
  if ARGV[1] < stamp or began <= tonumber(fence) then return 0 end
  local other = tonumber(string.sub(head, 39, 54))
  if ARGV[1] == stamp and began <= other and other <= now then return 0 end
end
redis.call('SET', KEYS[1], 'v' .. ARGV[1] .. fence .. ARGV[2] .. ARGV[5], 'PX', ARGV[4])
return 1
";

const MARK_TEXT: &str = "
local stamp, fence = '000000000000000000000', '0000000000000000'
local head = redis.pcall('GETRANGE', KEYS[1], 0, 53)
if type(head) == 'string' and #head == 54 and string.match(head, '^[vm]%d+$') then
  stamp = string.sub(head, 2, 22)
  fence = string.sub(head, 23, 38)
  if ARGV[1] ~= '' and ARGV[1] <= stamp then return 0 end
end
if ARGV[1] == '' then
  local time = redis.call('TIME')
  fence = string.format('%016.0f', time[1] * 1000000 + time[2])
else
  stamp = ARGV[1]
end
redis.call('SET', KEYS[1], 'm' .. stamp .. fence .. '0000000000000000', 'PX', ARGV[2])
return 1
";
