package io.github.athenasparklocal;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is behind the S3 URIs: objects in buckets, in memory. */
final class ObjectStore {

  private static final Pattern URI = Pattern.compile("[sS]3://([^/]+)/(.*)");

  private final Map<String, NavigableMap<String, byte[]>> buckets = new ConcurrentHashMap<>();
  private final BiConsumer<String, byte[]> copy;

  /**
   * @param copy gets each object that a calculation writes, with {@code bucket/key}
   */
  ObjectStore(BiConsumer<String, byte[]> copy) {
    this.copy = copy;
  }

  /** Writes objects into a directory, unless they are there. */
  void write(String directory, Map<String, String> objects) {
    objects.forEach(
        (name, text) -> {
          var uri = URI.matcher(directory + name);
          if (uri.matches()) {
            var body = text.getBytes(StandardCharsets.UTF_8);
            if (bucket(uri.group(1)).putIfAbsent(uri.group(2), body) == null) {
              copy.accept(uri.group(1) + "/" + uri.group(2), body);
            }
          }
        });
  }

  /** An object by its URI. */
  @Nullable String text(String s3Uri) {
    var uri = URI.matcher(s3Uri);
    var body = uri.matches() ? objects(uri.group(1)).get(uri.group(2)) : null;
    return body == null ? null : new String(body, StandardCharsets.UTF_8);
  }

  void put(String bucket, String key, byte[] body) {
    bucket(bucket).put(key, body);
  }

  private NavigableMap<String, byte[]> bucket(String name) {
    return buckets.computeIfAbsent(name, key -> new ConcurrentSkipListMap<>());
  }

  /** A bucket's objects by their keys; empty if there is no such bucket. */
  NavigableMap<String, byte[]> objects(String bucket) {
    return buckets.getOrDefault(bucket, new ConcurrentSkipListMap<>());
  }

  void clear() {
    buckets.clear();
  }
}
