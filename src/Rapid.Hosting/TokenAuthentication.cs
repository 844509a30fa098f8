using System.Globalization;
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
/// Lets in who knows the shared bearer token. It runs as ASP.NET Core's authentication, before the endpoint: a call that is refused has
/// none of its body read.
/// </summary>
internal sealed class TokenAuthentication(IOptionsMonitor<TokenAuthentication.Settings> options, ILoggerFactory loggers, UrlEncoder encoder)
    : AuthenticationHandler<TokenAuthentication.Settings>(options, loggers, encoder)
{
    private const string SchemeName = "Bearer";

    /// <summary>Makes the token a condition of every endpoint that does not allow anonymous callers.</summary>
    public static void Require(string token, IServiceCollection services)
    {
        // Not AddAuthentication, which would also keep keys in the home folder, for cookies that nobody here issues.
        services.AddAuthenticationCore(authentication => authentication.DefaultScheme = SchemeName).AddWebEncoders();
        services.AddSingleton(TimeProvider.System);
        new AuthenticationBuilder(services).AddScheme<Settings, TokenAuthentication>(
            SchemeName, settings => settings.Expected = Encoding.UTF8.GetBytes($"{SchemeName} {token}"));
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
    }

    /// <inheritdoc/>
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var given = Encoding.UTF8.GetBytes(Request.Headers.Authorization.ToString());
        if (!CryptographicOperations.FixedTimeEquals(given, Options.Expected))
        {
            return Task.FromResult(AuthenticateResult.Fail("wrong token"));
        }

        var holder = new ClaimsPrincipal(new ClaimsIdentity(SchemeName));
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(holder, SchemeName)));
    }

    /// <inheritdoc/>
    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => RefuseAsync(
        StatusCodes.Status401Unauthorized, StatusCode.Unauthenticated, "this service asks for the token that RAPID_TOKEN holds");

    /// <inheritdoc/>
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => RefuseAsync(
        StatusCodes.Status403Forbidden, StatusCode.PermissionDenied, "the token does not allow this call");

    /// <summary>
    /// Answers a gRPC call as gRPC does, with a status in the headers of a successful response that has no body; clients of an HTTP error
    /// would know the code but not the reason.
    /// </summary>
    private Task RefuseAsync(int httpStatus, StatusCode status, string reason)
    {
        if (Request.ContentType?.StartsWith("application/grpc", StringComparison.OrdinalIgnoreCase) == true)
        {
            Response.StatusCode = StatusCodes.Status200OK;
            Response.ContentType = "application/grpc";
            Response.Headers["grpc-status"] = ((int)status).ToString(CultureInfo.InvariantCulture);
            Response.Headers["grpc-message"] = reason;
            return Task.CompletedTask;
        }

        Response.StatusCode = httpStatus;
        Response.Headers.WWWAuthenticate = SchemeName;
        return Response.WriteAsync(reason, Context.RequestAborted);
    }

    /// <summary>What the handler compares with.</summary>
    internal sealed class Settings : AuthenticationSchemeOptions
    {
        /// <summary>The whole header of a caller who knows the token, in UTF-8.</summary>
        public byte[] Expected { get; set; } = [];
    }
}
