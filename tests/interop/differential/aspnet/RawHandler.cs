// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// A connection without a hub protocol: says what it hears, up to "end".
using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace DiffAspnet;

public sealed class RawHandler : ConnectionHandler
{
    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        while (true)
        {
            ReadResult read = await connection.Transport.Input.ReadAsync();
            byte[] heard = read.Buffer.ToArray();
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (heard.Length > 0)
            {
                await connection.Transport.Output.WriteAsync(heard);
            }
            if (read.IsCompleted || heard.AsSpan().EndsWith("end"u8))
            {
                return;
            }
        }
    }
}
