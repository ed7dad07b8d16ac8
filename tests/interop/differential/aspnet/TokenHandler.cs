// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Takes the bearer token for the user's name, as diff-server.c does; behind a ~ it says for how many milliseconds it is good.
using System.Globalization;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace DiffAspnet;

public sealed class TokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        string header = Request.Headers.Authorization.ToString();
        string token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? header[7..]
            : Request.Query["access_token"].ToString();
        if (token.Length == 0)
        {
            return Task.FromResult(AuthenticateResult.NoResult());
        }
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, token)], Scheme.Name);
        var properties = new AuthenticationProperties();
        int tilde = token.IndexOf('~');
        if (tilde >= 0)
        {
            properties.ExpiresUtc = TimeProvider.GetUtcNow().AddMilliseconds(int.Parse(token[(tilde + 1)..], CultureInfo.InvariantCulture));
        }
        return Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), properties, Scheme.Name)));
    }
}
