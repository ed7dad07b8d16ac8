// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Where the hub is and how to speak to it; and what is expected of it.
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace DotnetClient;

internal sealed record Kind(string Name, HttpTransportType Transport, bool Binary);

internal sealed record Site(int Port, Kind Kind)
{
    /// <summary>A client that is not started.</summary>
    public HubConnection Build(string path = "/hub", string? root = null, string? token = null,
        Func<IHubConnectionBuilder, IHubConnectionBuilder>? configure = null)
    {
        IHubConnectionBuilder builder = new HubConnectionBuilder().WithUrl((root ?? $"http://127.0.0.1:{Port}") + path, options =>
        {
            options.Transports = Kind.Transport;
            if (token != null)
            {
                options.AccessTokenProvider = () => Task.FromResult<string?>(token);
            }
        });
        if (Kind.Binary)
        {
            builder = builder.AddMessagePackProtocol();
        }
        return (configure?.Invoke(builder) ?? builder).Build();
    }

    public async Task<HubConnection> StartAsync(string path = "/hub", string? token = null)
    {
        HubConnection client = Build(path, token: token);
        await client.StartAsync();
        return client;
    }
}

internal static class Expect
{
    public static void Equal<T>(T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
        {
            throw new InvalidOperationException($"{expected} was expected, {actual} came");
        }
    }

    public static void Sequence<T>(IEnumerable<T> expected, IEnumerable<T> actual) =>
        Equal(string.Join(", ", expected), string.Join(", ", actual));

    public static async Task FailsAsync(Func<Task> body, string text)
    {
        try
        {
            await body();
        }
        catch (Exception error) when (error is HubException or HttpRequestException or InvalidOperationException)
        {
            if (!error.Message.Contains(text, StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"'{text}' was expected in '{error.Message}'");
            }
            return;
        }
        throw new InvalidOperationException($"'{text}' was expected, it succeeded");
    }
}
