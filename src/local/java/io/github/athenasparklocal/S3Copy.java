package io.github.athenasparklocal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.BiConsumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Writes objects to a real S3, or what stands for one, by signed path-style PUT requests. */
final class S3Copy implements BiConsumer<String, byte[]> {

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final URI endpoint;
  private final Map<String, String> environment;
  private final HttpClient http = HttpClient.newHttpClient();

  S3Copy(URI endpoint, Map<String, String> environment) {
    this.endpoint = endpoint;
    this.environment = environment;
  }

  /** Writes nothing where there is no endpoint. */
  static BiConsumer<String, byte[]> to(@Nullable URI endpoint) {
    return endpoint == null ? (path, body) -> {} : new S3Copy(endpoint, System.getenv());
  }

  @Override
  public void accept(String path, byte[] body) {
    try {
      var uri = new URI(endpoint.getScheme(), endpoint.getAuthority(), "/" + path, null, null);
      var request = HttpRequest.newBuilder(uri).timeout(TIMEOUT);
      sign(uri, body, request);
      var response =
          http.send(
              request.PUT(HttpRequest.BodyPublishers.ofByteArray(body)).build(),
              BodyHandlers.ofString());
      if (response.statusCode() / 100 != 2) {
        throw new IOException("status " + response.statusCode() + ": " + response.body());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("can't write " + path + " to " + endpoint, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (GeneralSecurityException | java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private void sign(URI uri, byte[] body, HttpRequest.Builder request)
      throws GeneralSecurityException {
    var secret = environment.get("AWS_SECRET_ACCESS_KEY");
    if (secret == null) {
      return;
    }
    var region = environment.getOrDefault("AWS_REGION", "us-east-1");
    var time = TIME.format(Instant.now());
    var hash = hex(MessageDigest.getInstance("SHA-256").digest(body));
    var headers = "host;x-amz-content-sha256;x-amz-date";
    var canonical =
        "PUT\n%s\n\nhost:%s\nx-amz-content-sha256:%s\nx-amz-date:%s\n\n%s\n%s"
            .formatted(uri.getRawPath(), uri.getAuthority(), hash, time, headers, hash);
    var scope = "%s/%s/s3/aws4_request".formatted(time.substring(0, 8), region);
    var digest = MessageDigest.getInstance("SHA-256").digest(utf8(canonical));
    var toSign = "AWS4-HMAC-SHA256\n%s\n%s\n%s".formatted(time, scope, hex(digest));
    var key = utf8("AWS4" + secret);
    for (var part : scope.split("/", -1)) {
      key = hmac(key, part);
    }
    request
        .header("x-amz-content-sha256", hash)
        .header("x-amz-date", time)
        .header(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
                .formatted(
                    environment.getOrDefault("AWS_ACCESS_KEY_ID", ""),
                    scope,
                    headers,
                    hex(hmac(key, toSign))));
    var token = environment.get("AWS_SESSION_TOKEN");
    if (token != null) {
      request.header("x-amz-security-token", token);
    }
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    var mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(utf8(text));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
