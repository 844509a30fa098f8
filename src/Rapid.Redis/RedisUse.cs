namespace Rapid.Redis;

/// <summary>What a service needs Redis for.</summary>
/// <param name="Service">Whose messages it is in: "the replay service".</param>
/// <param name="LeastRights">What the user of RAPID_REDIS must be allowed, as ACL SETUSER takes it.</param>
/// <param name="More">What besides, in words; may be empty.</param>
public sealed record RedisUse(string Service, string LeastRights, string More = "");
