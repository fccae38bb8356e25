package io.github.athenasparklocal;

import io.github.athenasparklocal.LocalService.Request;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * As much of S3 as it takes to read results: GET, HEAD and LIST, with the bucket in the path or in
 * the host's name; and PUT of a whole object.
 */
final class S3Endpoint {

  private static final int MAX_KEYS = 1000;
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d{1,9})-(\\d{0,9})");
  private static final Pattern ADDRESS =
      Pattern.compile("localhost|[\\d.]+|\\[.*]|s3[.-].*|host\\.docker\\.internal");
  private static final String MODIFIED =
      DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.EPOCH.atOffset(ZoneOffset.UTC));

  private final ObjectStore store;

  S3Endpoint(ObjectStore store) {
    this.store = store;
  }

  Reply answer(Request request) {
    var path = request.uri().getPath().substring(1);
    var host = request.header().apply("Host");
    var name = host == null ? "localhost" : host.replaceFirst(":\\d+$", "");
    String bucket;
    String key;
    if (ADDRESS.matcher(name).matches()) {
      var slash = path.indexOf('/');
      bucket = slash < 0 ? path : path.substring(0, slash);
      key = slash < 0 ? "" : path.substring(slash + 1);
    } else {
      bucket = name.replaceFirst("\\.(s3[.-].*|localhost|local)$", "");
      key = path;
    }
    return switch (request.method()) {
      case "PUT" -> put(bucket, key, request);
      case "GET", "HEAD" -> key.isEmpty() ? list(bucket, request) : get(bucket, key, request);
      default -> error(501, "NotImplemented", "Only GET, HEAD, LIST and PUT are implemented");
    };
  }

  private Reply put(String bucket, String key, Request request) {
    if (String.valueOf(request.header().apply("Content-Encoding")).contains("aws-chunked")) {
      return error(501, "NotImplemented", "Chunked uploads are not implemented");
    }
    if (!key.isEmpty()) {
      store.put(bucket, key, request.bytes());
    }
    return new Reply(200, "application/xml", new byte[0], Map.of("ETag", eTag(request.bytes())));
  }

  private Reply get(String bucket, String key, Request request) {
    var body = store.objects(bucket).get(key);
    if (body == null) {
      return error(404, "NoSuchKey", "The specified key does not exist.");
    }
    var headers = new HashMap<String, String>();
    headers.put("ETag", eTag(body));
    headers.put("Last-Modified", MODIFIED);
    headers.put("Accept-Ranges", "bytes");
    var range = RANGE.matcher(String.valueOf(request.header().apply("Range")));
    if (!range.matches()) {
      return new Reply(200, "application/octet-stream", body, headers);
    }
    var from = Integer.parseInt(range.group(1));
    if (from >= body.length) {
      return error(416, "InvalidRange", "The requested range is not satisfiable");
    }
    var last = range.group(2).isEmpty() ? body.length : Integer.parseInt(range.group(2)) + 1;
    var to = Math.max(from, Math.min(last, body.length));
    headers.put("Content-Range", "bytes %d-%d/%d".formatted(from, to - 1, body.length));
    return new Reply(206, "application/octet-stream", Arrays.copyOfRange(body, from, to), headers);
  }

  private Reply list(String bucket, Request request) {
    var query = query(request);
    if (query.containsKey("location")) {
      return xml("<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"/>");
    }
    if (bucket.isEmpty()) {
      return error(501, "NotImplemented", "ListBuckets is not implemented");
    }
    var prefix = query.getOrDefault("prefix", "");
    var delimiter = query.getOrDefault("delimiter", "");
    var after =
        query.getOrDefault(
            "continuation-token", query.getOrDefault("start-after", query.getOrDefault("marker", "")));
    var max = Math.min(MAX_KEYS, Integer.parseInt(query.getOrDefault("max-keys", "1000")));
    // Objects and common prefixes, by what a next page continues after.
    var entries = new LinkedHashMap<String, String>();
    var truncated = false;
    for (var object : store.objects(bucket).tailMap(prefix, true).entrySet()) {
      var key = object.getKey();
      if (!key.startsWith(prefix)) {
        break;
      }
      var end = delimiter.isEmpty() ? -1 : key.indexOf(delimiter, prefix.length());
      var name = end < 0 ? key : key.substring(0, end + delimiter.length());
      if (name.compareTo(after) <= 0 || entries.containsKey(name)) {
        continue;
      }
      if (entries.size() == max) {
        truncated = true;
        break;
      }
      entries.put(name, end < 0 ? contents(key, object.getValue()) : commonPrefix(name));
    }
    var last = entries.isEmpty() ? after : entries.sequencedKeySet().getLast();
    return xml(
        ("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                + "<Name>%s</Name><Prefix>%s</Prefix><Delimiter>%s</Delimiter>"
                + "<MaxKeys>%d</MaxKeys><KeyCount>%d</KeyCount><IsTruncated>%s</IsTruncated>%s%s"
                + "</ListBucketResult>")
            .formatted(
                escape(bucket),
                escape(prefix),
                escape(delimiter),
                max,
                entries.size(),
                truncated,
                truncated
                    ? "<NextContinuationToken>%1$s</NextContinuationToken><NextMarker>%1$s</NextMarker>"
                        .formatted(escape(last))
                    : "",
                String.join("", entries.values())));
  }

  private static String contents(String key, byte[] body) {
    return "<Contents><Key>%s</Key><LastModified>1970-01-01T00:00:00.000Z</LastModified><ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>"
        .formatted(escape(key), escape(eTag(body)), body.length);
  }

  private static String commonPrefix(String prefix) {
    return "<CommonPrefixes><Prefix>%s</Prefix></CommonPrefixes>".formatted(escape(prefix));
  }

  private static Map<String, String> query(Request request) {
    var query = new HashMap<String, String>();
    var raw = request.uri().getRawQuery();
    for (var pair : (raw == null ? "" : raw).split("&", -1)) {
      var parts = pair.split("=", 2);
      query.put(decode(parts[0]), parts.length > 1 ? decode(parts[1]) : "");
    }
    return query;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  private static String eTag(byte[] body) {
    return '"' + UUID.nameUUIDFromBytes(body).toString().replace("-", "") + '"';
  }

  private static Reply error(int status, String code, String message) {
    return new Reply(
        status,
        "application/xml",
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>"
            .formatted(code, message));
  }

  private static Reply xml(String body) {
    return new Reply(
        200, "application/xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + body);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
