# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright the krhub authors
"""Hub messages in JSON: what is answered, what ends the call, what ends the connection."""
from rows import add

END = '{"type":1,"invocationId":"end","target":"EchoString","arguments":["end"]}'


def said(name, *records, path='/hub', **options):
    """Sends records, then a call; notes all to its answer or the end."""
    def hold(t):
        ws = t.connect(path)
        ws.tell(*records, END)
        ws.hear('"end"')
    add(f'json/{name}{"" if path == "/hub" else path}', hold, **options)


def both(name, *records, **options):
    """With and without detailed errors."""
    said(name, *records, **options)
    said(name, *records, path='/detailed', **options)


def call(target, *arguments, id='1', more=''):
    """@arguments: as JSON texts."""
    return f'{{"type":1,"invocationId":"{id}","target":"{target}","arguments":[{",".join(arguments)}]{more}}}'


def echo(kind, name, value, detailed=False, **options):
    (both if detailed else said)(f'bind/{kind}-{name}', call('Echo' + kind, value), **options)


# --- values of every type ---

for value in ('""', '"a"', '"\\u0001\\u001f"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"é€"', '"\\u00e9"', '"<>&\'+`"', '"\\u001e"'):
    echo('String', value.encode('unicode_escape').decode(), value)
for name, value in {'beyond-bmp': '\U0001f680', 'delete': '\x7f', 'separators': '\u2028\u2029', 'c1': '\x85', 'no-break': '\u00a0', 'bom': '\ufeff'}.items():
    echo('String', name, f'"{value}"', differs='what JSON does not want escaped is written as it is', ours=f'"result":"{value}"')
echo('String', 'beyond-bmp-escaped', '"\\ud83d\\ude80"', differs='what JSON does not want escaped is written as it is', ours='"result":"\U0001f680"')
NUL = 'a string with a NUL in it is none for C: the argument is refused'
said('bind/String-nul', call('EchoString', '"a\\u0000b"'), differs=NUL, ours='"error"')
said('bind/Strings-nul', call('EchoStrings', '["a\\u0000b"]'), differs=NUL, ours='"error"')
said('bind/Two-nul', call('Two', '"a\\u0000b"', '1'), differs=NUL, ours='"error"')
said('bind/Any-nul', call('EchoAny', '"a\\u0000b"'), differs=NUL, ours='"error"')
for value in ('1', 'true', '[]', '{}'):
    echo('String', value, value, detailed=value in ('1', '[]'))
for value in ('true', 'false'):
    echo('Bool', value, value)
for value in ('null', '1', '"true"'):
    echo('Bool', value, value)
for kind, good, bad in (
        ('Byte', ('0', '255'), ('256', '-1', '1.0', '"1"')),
        ('Short', ('-32768', '32767'), ('32768', '-32769')),
        ('UShort', ('0', '65535'), ('65536', '-1')),
        ('Int', ('0', '-0', '2147483647', '-2147483648'), ('2147483648', '-2147483649', '1.0', '1e1', '"1"', 'null', 'true', '1e400')),
        ('UInt', ('4294967295',), ('4294967296', '-1')),
        ('Long', ('9223372036854775807', '-9223372036854775808', '9007199254740993'), ('9223372036854775808', '-9223372036854775809', '1.5')),
        ('ULong', ('18446744073709551615', '0'), ('18446744073709551616', '-1'))):
    for value in good + bad:
        echo(kind, value, value, detailed=value in ('2147483648', '1.0', '"1"', 'null') and kind == 'Int')
for value in ('0', '1', '1.5', '-1.25e-7', '1e21', '1e22', '123456789012345678', '1.7976931348623157e308', '5e-324', '0.1', '1e15', '1e16', '1E5',
              '100000000000000000000', '0.0001', '0.00001', '-0.0', '3.141592653589793', '2.2250738585072014e-308'):
    echo('Double', value, value)
for value in ('"1"', 'null', 'true', '"NaN"'):
    echo('Double', value, value)
for value in ('""', '"AQID"', '"AQI="', '"/+8="', '"A Q I D"', '" AQID "'):
    echo('Bytes', value, value)
for value in ('"AQI"', '"_-8="', '"AQ=="', '"!!!!"', '[1,2]', '1'):
    echo('Bytes', value, value)
for value in ('[]', '[1,-2,3]', '[1,null]', '[1,"2"]', '[1.5]', '1', '{}'):
    echo('Ints', value, value)
for value in ('[]', '["a","é"]', '["a",1]', '"a"'):
    echo('Strings', value, value)
for value in ('{}', '{"b":1,"a":2}', '{"a":1,"a":2}', '{"":1}', '{"a":"1"}', '{"a":null}', '[]', '{"Key":1,"key":2}'):
    echo('Map', value, value)
for value in ('1', 'null', '"1"', '1.0'):
    echo('Maybe', value, value)
for value in ('null', 'true', '1', '-1', '1.5', '"text"', '[]', '{}', '[1,[2,[3]]]', '{"a":{"b":[null,true,"c"]}}', '18446744073709551615',
              '9007199254740993', '"\\u00e9"', '{"B":1,"a":2}'):
    echo('Any', value, value)
NO_NULL = 'a GVariant list or dictionary cannot be null; the nearest is the empty one'
echo('String', 'null', 'null')
echo('Bytes', 'null', 'null', differs=NO_NULL, ours='"result":""')
echo('Ints', 'null', 'null', differs=NO_NULL, ours='"result":[]')
echo('Strings', 'null', 'null', differs=NO_NULL, ours='"result":[]')
echo('Map', 'null', 'null', differs=NO_NULL, ours='"result":{}')
echo('String', 'lone-surrogate', '"\\ud800"', detailed=True)
echo('String', 'wrong-pair', '"\\ud800\\u0041"')
echo('String', 'low-surrogate', '"a\\udc00"')

# --- calls ---

said('call/echo', call('EchoString', '"x"'))
said('call/name-in-any-case', call('eCHOsTRING', '"x"'))
said('call/two', call('Two', '"x"', '7'))
said('call/nothing', call('Nothing'))
said('call/big', call('Big', '50000'))
said('call/no-id', call('EchoString', '"x"').replace('"invocationId":"1",', ''))
said('call/empty-id', call('EchoString', '"x"', id=''))
said('call/same-id-twice', call('EchoString', '"x"'), call('EchoString', '"y"'))
said('call/id-unicode', call('EchoString', '"x"', id='é\\u20ac\\n'))
said('call/id-escaped', call('EchoString', '"x"', id='\\"\\\\'))
said('call/id-long', call('EchoString', '"x"', id='i' * 1000))
said('call/type-last', '{"target":"EchoString","arguments":["x"],"invocationId":"1","type":1}')
said('call/arguments-first', '{"arguments":["x"],"type":1,"invocationId":"1","target":"EchoString"}')
said('call/white-space', ' {\t"type" : 1 ,\r\n "invocationId" : "1" , "target" : "EchoString" , "arguments" : [ "x" ] } ')
said('call/unknown-property', '{"type":1,"invocationId":"1","more":{"a":[1,{}]},"target":"EchoString","arguments":["x"]}')
said('call/escaped-keys', '{"t\\u0079pe":1,"invocationId":"1","target":"EchoString","arguments":["x"]}')
said('call/escaped-target', '{"type":1,"invocationId":"1","target":"Echo\\u0053tring","arguments":["x"]}')
said('call/duplicate-property', '{"type":1,"invocationId":"1","target":"Nothing","target":"EchoString","arguments":["x"]}')
said('call/duplicate-arguments', '{"type":1,"invocationId":"1","target":"EchoString","arguments":["x"],"arguments":["y"]}')
said('call/key-case', '{"Type":1,"type":1,"invocationId":"1","target":"EchoString","arguments":["x"]}')
said('call/headers', '{"type":1,"headers":{"a":"b"},"invocationId":"1","target":"EchoString","arguments":["x"]}')
said('call/text-behind', call('EchoString', '"x"') + 'rubbish')
said('call/object-behind', call('EchoString', '"x"') + call('EchoString', '"y"', id='2'))
said('call/streamIds-empty', call('EchoString', '"x"', more=',"streamIds":[]'))
both('call/fail', call('Fail', '"no luck"'))
both('call/fail-empty', call('Fail', '""'))
both('call/fail-in-any-case', call('fAIL', '"no luck"'))
said('call/fail-no-id', call('Fail', '"x"').replace('"invocationId":"1",', ''))
both('call/unknown', call('NoSuch', '"x"'))
said('call/unknown-no-id', call('NoSuch').replace('"invocationId":"1",', ''))
said('call/unknown-quote', call("it's", '"x"'))
said('call/unknown-unicode', call('é<>', '"x"'))
both('call/empty-target', call('', '"x"'))
both('call/too-few', call('Two', '"x"'))
both('call/too-many', call('Two', '"x"', '1', '2'))
both('call/none-for-one', call('EchoString'))
both('call/one-for-none', call('Nothing', '1'))
said('call/too-few-no-id', call('Two', '"x"').replace('"invocationId":"1",', ''))
both('call/wrong-type', call('Two', '1', '1'))
both('call/wrong-second', call('Two', '"x"', '"y"'))
said('call/wrong-in-any-case', call('tWO', '1', '1'))
both('call/unauthorized', call('Secret'))
both('call/plain-as-stream', call('EchoString', '"x"').replace('"type":1', '"type":4'))
both('call/stream-as-plain', call('Count', '3'))
said('call/plain-as-stream-wrong-arguments', call('Two', '"x"').replace('"type":1', '"type":4'))
both('call/unknown-as-stream', call('NoSuch').replace('"type":1', '"type":4'))
both('call/uploads-unexpected', call('EchoString', '"x"', more=',"streamIds":["s"]'))
both('call/uploads-missing', call('Collect'))
both('call/uploads-too-many', call('Collect', more=',"streamIds":["a","b"]'))
said('call/connection-id-is-the-id', call('EchoString', '"after"'))
both('call/depth-62', call('EchoAny', '[' * 62 + ']' * 62))
both('call/depth-63', call('EchoAny', '[' * 63 + ']' * 63))
said('call/depth-property', '{"type":6,"a":' + '[' * 64 + ']' * 64 + '}')
both('call/broken-end-of-arguments', '{"type":1,"invocationId":"1","target":"EchoString","arguments":["a",]}')
both('call/broken-argument', '{"type":1,"invocationId":"1","target":"EchoString","arguments":[tru]}')
said('call/arguments-not-closed', '{"type":1,"invocationId":"1","target":"EchoString","arguments":["a"}')
both('result/infinity', call('EchoAny', '1e309'),
     differs='a result that cannot be written fails its call, not the connection', ours='"error"')

# --- messages that end the connection, or do not ---

for name, record in {
        'empty': '', 'word': 'hello', 'array': '[]', 'null': 'null', 'number': '1', 'string': '"x"', 'open': '{"type":1', 'comma': '{"type":6,}',
        'comment': '{"type":6/**/}', 'single-quotes': "{'type':6}", 'control-in-string': '{"type":6,"x":"\n"}', 'no-type': '{}',
        'type-null': '{"type":null}', 'type-string': '{"type":"1"}', 'type-fraction': '{"type":1.0}', 'type-exponent': '{"type":1e0}',
        'type-huge': '{"type":2147483648}', 'bad-escape': '{"type":6,"x":"\\q"}', 'leading-zero': '{"type":6,"x":01}', 'plus': '{"type":6,"x":+1}',
        'nan': '{"type":6,"x":NaN}', 'bom': '\ufeff{"type":6}', 'trailing-dot': '{"type":6,"x":1.}', 'two-separators': '{"type":6}\x1e',
        'target-missing': '{"type":1,"arguments":[]}', 'target-null': '{"type":1,"target":null,"arguments":[]}', 'target-number': '{"type":1,"target":1,"arguments":[]}',
        'arguments-missing': '{"type":1,"invocationId":"1","target":"Nothing"}', 'arguments-null': '{"type":1,"invocationId":"1","target":"Nothing","arguments":null}',
        'arguments-object': '{"type":1,"invocationId":"1","target":"Nothing","arguments":{}}', 'id-null': '{"type":1,"invocationId":null,"target":"Nothing","arguments":[]}',
        'id-number': '{"type":1,"invocationId":1,"target":"Nothing","arguments":[]}', 'id-surrogate': '{"type":1,"invocationId":"\\ud800","target":"Nothing","arguments":[]}',
        'headers-null': '{"type":1,"headers":null,"target":"Nothing","arguments":[]}', 'headers-array': '{"type":1,"headers":[],"target":"Nothing","arguments":[]}',
        'header-number': '{"type":1,"headers":{"h":1},"target":"Nothing","arguments":[]}', 'streamIds-null': '{"type":1,"target":"Nothing","arguments":[],"streamIds":null}',
        'streamIds-number': '{"type":1,"target":"Collect","arguments":[],"streamIds":[1]}', 'streamIds-null-inside': '{"type":1,"target":"Collect","arguments":[],"streamIds":[null]}',
        'stream-id-missing': '{"type":4,"target":"Count","arguments":[1]}', 'item-id-missing': '{"type":2,"item":1}', 'item-missing': '{"type":2,"invocationId":"x"}',
        'completion-id-missing': '{"type":3}', 'completion-both': '{"type":3,"invocationId":"x","error":"e","result":1}', 'cancel-id-missing': '{"type":5}',
        'completion-error-null': '{"type":3,"invocationId":"x","error":null}', 'completion-error-number': '{"type":3,"invocationId":"x","error":1}',
        'empty-id-in-3': '{"type":3,"invocationId":""}', 'empty-id-in-4': '{"type":4,"invocationId":"","target":"Count","arguments":[1]}',
        'empty-id-in-5': '{"type":5,"invocationId":""}', 'empty-id-in-2': '{"type":2,"invocationId":"","item":1}',
        'ack-missing': '{"type":8}', 'ack-null': '{"type":8,"sequenceId":null}', 'ack-string': '{"type":8,"sequenceId":"1"}', 'ack-fraction': '{"type":8,"sequenceId":1.0}',
        'sequence-missing': '{"type":9}', 'sequence-huge': '{"type":9,"sequenceId":9223372036854775808}', 'close-error-number': '{"type":7,"error":1}',
        'close-reconnect-string': '{"type":7,"allowReconnect":"true"}', 'id-object': '{"type":5,"invocationId":{}}'}.items():
    both('bad/' + name, record)
both('bad/item-before-id', '{"type":2,"item":1,"invocationId":"x"}',
     differs='an item for an unknown stream is ignored whatever comes first in it', ours='"result":"end"')
for name, record in {
        'ping': '{"type":6}', 'ping-with-more': '{"type":6,"x":null}', 'completion-unknown': '{"type":3,"invocationId":"x","result":1}',
        'completion-unknown-error': '{"type":3,"invocationId":"x","error":"e"}', 'completion-like-the-hubs': '{"type":3,"invocationId":"s1","result":1}', 'cancel-unknown': '{"type":5,"invocationId":"x"}',
        'item-unknown': '{"type":2,"invocationId":"x","item":1}', 'ack': '{"type":8,"sequenceId":1}', 'ack-negative': '{"type":8,"sequenceId":-1}',
        'sequence': '{"type":9,"sequenceId":1}', 'close': '{"type":7}', 'close-error': '{"type":7,"error":"mine"}', 'close-reconnect': '{"type":7,"allowReconnect":true}'}.items():
    said('message/' + name, record)


def unknown_type(t, number):
    ws = t.connect()
    if t.is_peer:  # which never answers behind it
        ws.wire.socket.settimeout(1)
    ws.tell(f'{{"type":{number}}}', END)
    try:
        ws.hear('"end"')
    except TimeoutError:
        t.note('no answer')


for number in ('0', '-1', '10', '42'):
    add(f'json/unknown-type/{number}', lambda t, number=number: unknown_type(t, number),
        differs='behind a message of unknown type the connection goes on', ours='"result":"end"')

# --- the limit ---

for name, size in {'exactly': 1023, 'over': 1024, 'far-over': 5000}.items():
    text = call('EchoString', '""')
    said('limit/' + name, call('EchoString', '"' + 'x' * (size - len(text)) + '"'), path='/limit')
said('limit/without-separator-yet', call('EchoString', '"' + 'x' * 3000), path='/limit')
both('limit/default-exactly', call('EchoString', '"' + 'x' * (32767 - len(call('EchoString', '""'))) + '"'))
both('limit/default-over', call('EchoString', '"' + 'x' * (32768 - len(call('EchoString', '""'))) + '"'))
