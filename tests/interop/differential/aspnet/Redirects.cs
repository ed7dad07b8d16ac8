// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright the krhub authors
// Answers negotiations with where to negotiate instead, as a service in front of a hub does.
using System.Buffers;
using Microsoft.AspNetCore.Http.Connections;

namespace DiffAspnet;

public sealed class Redirects(RequestDelegate next)
{
    private static readonly Dictionary<string, (string Where, string? Token)> Elsewhere = new()
    {
        ["/redirect/negotiate"] = ("/auth?from=elsewhere", "redirected"),
        ["/redirect-as-is/negotiate"] = ("/auth", null),
        ["/redirect-loop/negotiate"] = ("/redirect-loop", null),
    };

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || !Elsewhere.TryGetValue(context.Request.Path.Value ?? "", out var found))
        {
            await next(context);
            return;
        }
        var document = new NegotiationResponse
        {
            Version = context.Request.Query["negotiateVersion"] == "1" ? 1 : 0,
            Url = $"http://{context.Request.Host}{found.Where}",
            AccessToken = found.Token,
            AvailableTransports = [],
        };
        var body = new ArrayBufferWriter<byte>();
        NegotiateProtocol.WriteResponse(document, body);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory);
    }
}
