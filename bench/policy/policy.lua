-- Everything that the gateway decides for a call, on top of nginx. A key is one line in a shared
-- dictionary with fields at fixed places, so that a look-up parses nothing.
local ffi = require "ffi"
ffi.cdef [[
unsigned char *SHA256(const unsigned char *text, size_t length, unsigned char *digest);
int CRYPTO_memcmp(const void *a, const void *b, size_t length);
]]
local find, sub, concat = string.find, string.sub, table.concat
local keys, rates, quotas = ngx.shared.keys, ngx.shared.rates, ngx.shared.quotas
local digest, nobody = ffi.new("unsigned char[32]"), string.rep("\0", 32)
local policy = {}

local plans = {
  a = { code = "wide", rate = 1000000, burst = 1000000, included = 1000000000 },
  b = { code = "slow", rate = 1, burst = 1, included = 1000000000 },
  c = { code = "small", rate = 1000000, burst = 1000000, included = 1 },
}
local period = 2592000
for _, plan in pairs(plans) do
  plan.header = '"rate";q=' .. plan.rate .. ';w=1, "quota";q=' .. plan.included .. ";w=" .. period
end
local period_end = ngx.time() + period - 86400

-- The routes as a tree of segments; `*` is any one segment.
local routes = {}
for _, rule in ipairs {
  { "/v1/products", "GET" }, { "/v1/products/{sku}", "GET" }, { "/v1/customers", "GET POST" },
  { "/v1/customers/{customer}", "GET PATCH DELETE" }, { "/v1/carts", "POST" }, { "/v1/carts/{cart}", "GET" },
  { "/v1/carts/{cart}/items", "POST" }, { "/v1/orders", "GET POST" }, { "/v1/orders/{order}", "GET" },
  { "/v1/orders/{order}/cancel", "POST" },
} do
  local node = routes
  for segment in rule[1]:gmatch("[^/]+") do
    local name = segment:sub(1, 1) == "{" and "*" or segment
    node[name] = node[name] or {}
    node = node[name]
  end
  node.name, node.methods = rule[1], {}
  for method in rule[2]:gmatch("%u+") do node.methods[method] = true end
end

local function route(path)
  local node, from = routes, 2
  while node do
    local slash = find(path, "/", from, true)
    local segment = sub(path, from, slash and slash - 1 or nil)
    node = node[segment] or (segment ~= "" and node["*"])
    if not slash then return node and node.name and node end
    from = slash + 1
  end
end

-- Lines of: client id, SHA-256 of the secret in hex, y or n, plan, application, key, tenant,
-- subscription.
function policy.load(path)
  for line in io.lines(path) do
    local id, hash, rest = line:match("^(%S+) (%x+) (.*)$")
    local bytes = hash:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end)
    local stored, reason, forced = keys:set(id, bytes .. rest)
    if not stored or forced then error("the dictionary of keys is too small: " .. tostring(reason)) end
  end
end

local function refuse(status, code)
  ngx.status = status
  ngx.header["Content-Type"] = "application/problem+json"
  if status == 401 then ngx.header["WWW-Authenticate"] = 'Basic realm="mintreu"' end
  if status == 429 then ngx.header["Retry-After"] = 1 end
  ngx.say('{"status":', status, ',"code":"', code, '"}')
  return ngx.exit(status)
end

function policy.admit()
  local var = ngx.var
  local target = route(sub(var.uri, 16))
  if not target then return refuse(404, "route_unknown") end
  if not target.methods[var.request_method] then return refuse(405, "method_not_allowed") end

  local given = var.http_authorization
  if not given then return refuse(401, "credentials_missing") end
  local pair = sub(given, 1, 6) == "Basic " and ngx.decode_base64(sub(given, 7))
  local colon = pair and find(pair, ":", 1, true)
  if not colon then return refuse(401, "credentials_invalid") end
  local secret = sub(pair, colon + 1)
  ffi.C.SHA256(secret, #secret, digest)
  local key = keys:get(sub(pair, 1, colon - 1))
  local equal = ffi.C.CRYPTO_memcmp(digest, key or nobody, 32) == 0
  if not key or not equal then return refuse(401, "credentials_invalid") end
  if sub(key, 33, 33) ~= "y" then return refuse(403, "subscription_inactive") end

  local plan = plans[sub(key, 35, 35)]
  local application, name = sub(key, 37, 66), sub(key, 68, 97)
  local now = ngx.now()
  local arrival = rates:get(application)
  if not arrival or arrival < now then arrival = now end
  if arrival - now > (plan.burst - 1) / plan.rate then return refuse(429, "rate_limited") end
  rates:set(application, arrival + 1 / plan.rate)

  local subscription = sub(key, 130, 159)
  local used = quotas:incr(subscription, 1, 0)
  if used > plan.included then
    quotas:incr(subscription, -1)
    return refuse(429, "quota_exhausted")
  end

  for header in pairs(ngx.req.get_headers()) do
    if sub(header, 1, 8) == "mintreu-" then ngx.req.clear_header(header) end
  end
  var.mintreu_tenant = sub(key, 99, 128)
  var.mintreu_application = application
  var.mintreu_key = name
  var.mintreu_plan = plan.code
  var.mintreu_route = target.name
  var.mintreu_identity = policy.token
  var.ratelimit_policy = plan.header
  var.ratelimit = concat { '"quota";r=', plan.included - used, ";t=", period_end - ngx.time() }
end

-- As long as the gateway's, and signed by nobody: nginx is spared the signing.
policy.token = string.rep("x", 500)

return policy
