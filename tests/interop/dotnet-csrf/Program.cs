// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// What ASP.NET Core's antiforgery makes of the requests in a file: "case name<TAB>accept or refuse" for each; or, with
// "--bench", how long issuing and validating take.
using System.Diagnostics;
using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

const string Name = "__Host-csrf";

var services = new ServiceCollection();
services.AddLogging();
services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
services.AddAntiforgery(options =>
{
    options.Cookie.Name = Name;
    options.Cookie.SecurePolicy = CookieSecurePolicy.Always;
    options.HeaderName = "X-CSRF-TOKEN";
});
var provider = services.BuildServiceProvider();
var antiforgery = provider.GetRequiredService<IAntiforgery>();

DefaultHttpContext NewContext(string method, string? user, string scheme = "https", string host = "app.example")
{
    var context = new DefaultHttpContext { RequestServices = provider };
    context.Request.Method = method;
    context.Request.Scheme = scheme;
    context.Request.Host = new HostString(host);
    context.Request.Path = "/";
    if (user != null)
        context.User = new ClaimsPrincipal(new NamedIdentity(user));
    return context;
}

AntiforgeryTokenSet Issue(string? user) => antiforgery.GetTokens(NewContext("GET", user));

async Task<bool> Judge(List<(string Name, string Value)> lines)
{
    string? Get(string name) => lines.Where(line => line.Name == name).Select(line => line.Value).FirstOrDefault();
    var pair = Issue(Get("user"));
    var other = Issue(null);
    string Expand(string text) => text.Replace("$NAME", Name)
        .Replace("$COOKIE2", other.CookieToken).Replace("$TOKEN2", other.RequestToken)
        .Replace("$COOKIE", pair.CookieToken).Replace("$TOKEN", pair.RequestToken);
    var context = NewContext(Get("method") ?? "POST", Get("now"), Get("scheme") ?? "https", Get("host") ?? "app.example");
    var path = Expand(Get("path") ?? "/");
    context.Request.QueryString = path.Contains('?') ? new QueryString(path[path.IndexOf('?')..]) : QueryString.Empty;
    foreach (var (name, value) in lines.Where(line => line.Name == "header"))
    {
        var colon = value.IndexOf(':');
        // Append() drops an empty value, which a server would keep.
        var text = Expand(value[(colon + 1)..].TrimStart());
        if (!context.Request.Headers.TryAdd(value[..colon], text))
            context.Request.Headers.Append(value[..colon], text);
    }
    if (Get("form") is { } form)
    {
        var body = Encoding.UTF8.GetBytes(Expand(form));
        context.Request.ContentType = "application/x-www-form-urlencoded";
        context.Request.ContentLength = body.Length;
        context.Request.Body = new MemoryStream(body);
    }
    try
    {
        return await antiforgery.IsRequestValidAsync(context);
    }
    catch (InvalidOperationException)
    {
        return false; // Secure over plain HTTP: a 500, not a 400
    }
}

double Measure(Action action)
{
    var best = double.MaxValue;
    for (var round = 0; round < 7; round++)
    {
        var watch = Stopwatch.StartNew();
        var calls = 0;
        for (; watch.ElapsedMilliseconds < 200; calls++)
            action();
        best = Math.Min(best, watch.Elapsed.TotalNanoseconds / calls);
    }
    return best;
}

if (args is ["--bench"])
{
    var pair = Issue("user-4711");
    var issue = Measure(() => antiforgery.GetTokens(NewContext("GET", "user-4711")));
    var reissue = Measure(() =>
    {
        var context = NewContext("GET", "user-4711");
        context.Request.Headers.Cookie = $"{Name}={pair.CookieToken}";
        antiforgery.GetTokens(context);
    });
    var validate = Measure(() =>
    {
        var context = NewContext("POST", "user-4711");
        context.Request.Headers.Cookie = $"{Name}={pair.CookieToken}";
        context.Request.Headers["X-CSRF-TOKEN"] = pair.RequestToken;
        antiforgery.ValidateRequestAsync(context).GetAwaiter().GetResult();
    });
    Console.WriteLine($"issue a new pair {issue:F0} ns; issue to a known cookie {reissue:F0} ns; validate a pair {validate:F0} ns");
    return;
}

var paragraph = new List<(string Name, string Value)>();
foreach (var line in File.ReadLines(args[0]).Append(""))
{
    if (line.StartsWith('#'))
        continue;
    if (line != "")
    {
        var colon = line.IndexOf(':');
        paragraph.Add((line[..colon], line[(colon + 1)..].TrimStart()));
    }
    else if (paragraph.Count > 0)
    {
        Console.WriteLine($"{paragraph[0].Value}\t{(await Judge(paragraph) ? "accept" : "refuse")}");
        paragraph = [];
    }
}

// A name and no claims, so that users are told apart by name, as by ours by id.
sealed class NamedIdentity(string name) : ClaimsIdentity
{
    public override bool IsAuthenticated => true;
    public override string Name => name;
}
