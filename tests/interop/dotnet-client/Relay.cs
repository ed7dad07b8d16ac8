// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Passes TCP connections on to a hub and can cut them all.
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DotnetClient;

internal sealed class Relay : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> sockets = new();
    private readonly int target;

    public Relay(int target)
    {
        this.target = target;
        listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        _ = AcceptAsync();
    }

    public string Url { get; }

    public void Cut()
    {
        foreach (Socket socket in sockets.Keys)
        {
            sockets.TryRemove(socket, out _);
            socket.Close(0);
        }
    }

    public void Dispose()
    {
        listener.Stop();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            for (;;)
            {
                Socket from = await listener.AcceptSocketAsync();
                var to = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await to.ConnectAsync(IPAddress.Loopback, target);
                sockets[from] = sockets[to] = true;
                _ = PassAsync(from, to);
                _ = PassAsync(to, from);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task PassAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[65536];
        try
        {
            for (int count; (count = await from.ReceiveAsync(buffer)) > 0;)
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
        }
        sockets.TryRemove(to, out _);
        to.Close(0);
    }
}
