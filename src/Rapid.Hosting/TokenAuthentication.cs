using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Grpc.Core;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Rapid.Hosting;

/// <summary>
/// Knows callers by their bearer token: the shared one has every role, the others have one each. Where there is no token, whoever comes has
/// every role. It runs as ASP.NET Core's authentication, before the endpoint: a call that is refused has none of its body read.
/// </summary>
internal sealed class TokenAuthentication(IOptionsMonitor<TokenAuthentication.Settings> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<TokenAuthentication.Settings>(options, loggers, encoder)
{
    private const string SchemeName = "Bearer";

    /// <summary>Lets every endpoint that does not allow anonymous callers serve the roles that it names, or operators.</summary>
    public static void Add(ServiceOptions options, IServiceCollection services)
    {
        // Not AddAuthentication, which would also keep keys in the home folder, for cookies that nobody here issues.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = SchemeName).AddWebEncoders();
        services.AddSingleton(TimeProvider.System);
        new AuthenticationBuilder(services).AddScheme<Settings, TokenAuthentication>(SchemeName, settings =>
        {
            settings.Holders = HoldersOf(options);
            settings.Variables = string.Join(" or ", options.TokenVariables);
        });
        services.AddAuthorizationBuilder().SetFallbackPolicy(
            new AuthorizationPolicyBuilder().RequireAssertion(context => MayCall(context.User, context.Resource as HttpContext)).Build());
    }

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var given = Encoding.UTF8.GetBytes(Request.Headers.Authorization.ToString());
        var holder = Options.Holders.FirstOrDefault(
            holder => holder.Header is null || CryptographicOperations.FixedTimeEquals(given, holder.Header));
        if (holder.Caller is not null)
        {
            return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(holder.Caller, SchemeName)));
        }

        // Who shows nothing fails at nothing: a probe every few seconds must not fill the log.
        return Task.FromResult(given.Length == 0 ? AuthenticateResult.NoResult() : AuthenticateResult.Fail("wrong token"));
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers.WWWAuthenticate = SchemeName;
        var reason = $"this service asks for the token that {Options.Variables} holds";
        return GrpcRefusal.WriteAsync(Context, StatusCodes.Status401Unauthorized, StatusCode.Unauthenticated, reason);
    }

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var named = Context.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>()?.Roles ?? Roles.Operator;
        var reason = Refusal(Context.User, named.Split(','));
        return GrpcRefusal.WriteAsync(Context, StatusCodes.Status403Forbidden, StatusCode.PermissionDenied, reason);
    }

    /// <summary>Says whose token does what was not allowed.</summary>
    internal static string Refusal(ClaimsPrincipal caller, IEnumerable<string> allowed)
    {
        var variables = string.Join(" or ", allowed.Select(Roles.Variable));
        return $"the {string.Join(" and ", Roles.All.Where(caller.IsInRole))}'s token does not allow this call; {variables} does";
    }

    private static List<(byte[]? Header, ClaimsPrincipal Caller)> HoldersOf(ServiceOptions options)
    {
        var holders = options.RoleTokens.Select(token => Holder(token.Value, [token.Key])).ToList();
        if (options.Token is not null || holders.Count == 0)
        {
            holders.Add(Holder(options.Token, Roles.All));
        }

        return holders;

        static (byte[]?, ClaimsPrincipal) Holder(string? token, IEnumerable<string> roles) => (
            token is null ? null : Encoding.UTF8.GetBytes($"{SchemeName} {token}"),
            new ClaimsPrincipal(new ClaimsIdentity(roles.Select(role => new Claim(ClaimTypes.Role, role)), SchemeName)));
    }

    /// <summary>Whether an endpoint that names no roles serves a caller. What has no endpoint is a scrape of metrics.</summary>
    private static bool MayCall(ClaimsPrincipal caller, HttpContext? http) =>
        caller.IsInRole(Roles.Operator) || (http is not null && http.GetEndpoint() is null && caller.IsInRole(Roles.Viewer));

    /// <summary>Whom the handler knows.</summary>
    internal sealed class Settings : AuthenticationSchemeOptions
    {
        /// <summary>Callers by the whole header, in UTF-8, that they come with; null is any.</summary>
        public IReadOnlyList<(byte[]? Header, ClaimsPrincipal Caller)> Holders { get; set; } = [];

        /// <summary>Names of the variables that hold the tokens.</summary>
        public string Variables { get; set; } = "";
    }
}
