// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The endpoints of diff-server.c, on a free port.
using System.Net;
using System.Security.Claims;
using DiffAspnet;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
builder.Services.AddAuthentication("Token").AddScheme<AuthenticationSchemeOptions, TokenHandler>("Token", null);
builder.Services.AddAuthorization(options =>
{
    options.AddPolicy("Nobody", policy => policy.RequireAssertion(_ => false));
    options.AddPolicy("Guarded", policy => policy.RequireAuthenticatedUser()
        .RequireAssertion(context => context.User.FindFirstValue(ClaimTypes.NameIdentifier) != "forbidden"));
});
builder.Services.AddCors(options => options.AddPolicy("Example", policy =>
    policy.WithOrigins("https://example.org").AllowAnyHeader().AllowAnyMethod().AllowCredentials()));
builder.Services.Configure<ConnectionOptions>(options => options.DisconnectTimeout = TimeSpan.FromSeconds(10));
builder.Services.AddSignalR()
    .AddMessagePackProtocol()
    .AddHubOptions<DetailedHub>(options => options.EnableDetailedErrors = true)
    .AddHubOptions<ParallelHub>(options => options.MaximumParallelInvocationsPerClient = 2)
    .AddHubOptions<LimitHub>(options =>
    {
        options.EnableDetailedErrors = true;
        options.MaximumReceiveMessageSize = 1024;
    })
    .AddHubOptions<ShortHub>(options =>
    {
        options.EnableDetailedErrors = true;
        options.HandshakeTimeout = TimeSpan.FromSeconds(1);
        options.KeepAliveInterval = TimeSpan.FromSeconds(1);
        options.ClientTimeoutInterval = TimeSpan.FromSeconds(2);
    });

var app = builder.Build();
app.UseMiddleware<Redirects>();
app.UseRouting();
app.UseCors();
app.UseAuthentication();
app.UseAuthorization();
app.MapHub<DiffHub>("/hub");
app.MapHub<DetailedHub>("/detailed");
app.MapHub<LimitHub>("/limit");
app.MapHub<ParallelHub>("/parallel");
app.MapHub<ShortHub>("/short", options =>
{
    options.LongPolling.PollTimeout = TimeSpan.FromSeconds(2);
    options.WebSockets.CloseTimeout = TimeSpan.FromSeconds(1);
});
app.MapHub<DiffHub>("/ws", options => options.Transports = HttpTransportType.WebSockets);
app.MapHub<DiffHub>("/sse", options => options.Transports = HttpTransportType.ServerSentEvents);
app.MapHub<DiffHub>("/lp", options => options.Transports = HttpTransportType.LongPolling);
app.MapHub<DiffHub>("/v1", options => options.MinimumProtocolVersion = 1);
app.MapHub<DiffHub>("/auth").RequireAuthorization("Guarded");
app.MapHub<DiffHub>("/stateful", options => options.AllowStatefulReconnects = true);
app.MapConnectionHandler<RawHandler>("/raw");
app.MapHub<DiffHub>("/redirect");
app.MapHub<DiffHub>("/expiring", options =>
{
    options.CloseOnAuthenticationExpiration = true;
    options.AllowStatefulReconnects = true;
});
app.MapHub<DiffHub>("/cors").RequireCors("Example");
await app.StartAsync();
Console.WriteLine($"listening on 127.0.0.1:{new Uri(app.Urls.First()).Port}");
await app.WaitForShutdownAsync();
