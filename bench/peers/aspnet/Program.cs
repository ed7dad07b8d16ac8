// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Serves BenchHub at /hub on 127.0.0.1: --port=N (0 for any), --certificate=FILE and --key=FILE for TLS; or measures
// a part of itself: --measure=NAME.
using System.Net;
using System.Security.Cryptography.X509Certificates;
using BenchAspnet;

var builder = WebApplication.CreateBuilder(args);
if (builder.Configuration["measure"] is string measure)
{
    Measure.Run(measure);
    return;
}
int port = builder.Configuration.GetValue("port", 5082);
string? certificate = builder.Configuration["certificate"];
string? key = builder.Configuration["key"];

builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, port, listen =>
    {
        if (certificate != null)
        {
            listen.UseHttps(X509Certificate2.CreateFromPemFile(certificate, key));
        }
    });
});
builder.Services.AddSignalR().AddMessagePackProtocol();

var app = builder.Build();
app.MapHub<BenchHub>("/hub");
await app.StartAsync();
Console.WriteLine($"listening on 127.0.0.1:{new Uri(app.Urls.First()).Port}, hub at /hub");
await app.WaitForShutdownAsync();
