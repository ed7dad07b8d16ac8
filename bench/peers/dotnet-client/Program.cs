// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// The .NET client as bench-client.c measures ours: --port=N, --depth=N, --clients=N, --payload=N, --seconds=S, --messagepack.
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

string Option(string name, string otherwise) =>
    args.FirstOrDefault(arg => arg.StartsWith($"--{name}="))?.Split('=')[1] ?? otherwise;

int port = int.Parse(Option("port", "5080"));
int depth = int.Parse(Option("depth", "32"));
int clients = int.Parse(Option("clients", "1"));
string text = new('x', int.Parse(Option("payload", "100")));
var seconds = TimeSpan.FromSeconds(double.Parse(Option("seconds", "1"), CultureInfo.InvariantCulture));
bool messagePack = args.Contains("--messagepack");

// What the compiler in the background takes from the first seconds is not the client's.
var warmUp = TimeSpan.FromSeconds(depth > 0 ? 4 : 0.5);
long before = Rss();
var connections = new List<HubConnection>();
for (int i = 0; i < clients; i++)
{
    var builder = new HubConnectionBuilder()
        .WithUrl($"http://127.0.0.1:{port}/hub", options => options.Transports = HttpTransportType.WebSockets);
    if (messagePack)
    {
        builder.AddMessagePackProtocol();
    }
    var connection = builder.Build();
    await connection.StartAsync();
    connections.Add(connection);
}

long answers = 0;
bool ending = false;
var calls = Enumerable.Range(0, depth).Select(_ => Task.Run(async () =>
{
    while (!Volatile.Read(ref ending))
    {
        await connections[0].InvokeAsync<string>("Echo", text);
        Interlocked.Increment(ref answers);
    }
})).ToArray();
await Task.Delay(warmUp);
long counted = Interlocked.Read(ref answers);
var cpu = Process.GetCurrentProcess().TotalProcessorTime;
var watch = Stopwatch.StartNew();
await Task.Delay(seconds);
counted = Interlocked.Read(ref answers) - counted;
double elapsed = watch.Elapsed.TotalSeconds;
double used = (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalMicroseconds;
Console.WriteLine(FormattableString.Invariant(
    $"{{\"per_second\": {counted / elapsed:F1}, \"cpu_us\": {(counted > 0 ? used / counted : 0):F4}, \"rss_kib\": {Rss()}, \"rss_before_kib\": {before}}}"));
Volatile.Write(ref ending, true);
await Task.WhenAll(calls);

static long Rss() =>
    long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize / 1024;
