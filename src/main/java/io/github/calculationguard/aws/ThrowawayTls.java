package io.github.calculationguard.aws;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * TLS for one name of this process: new keys and certificates, made as AWS's are (RSA, an authority
 * and a server), that nobody keeps.
 *
 * @param server what the server shows
 * @param trust what a client trusts: this server, and nobody else
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5280#section-4.1">RFC 5280, the certificate's
 *     fields</a>
 */
record ThrowawayTls(SSLContext server, TrustManagerFactory trust) {

  private static final int SEQUENCE = 0x30;
  private static final int SET = 0x31;
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int OCTET_STRING = 0x04;
  private static final int UTF8_STRING = 0x0c;
  private static final int UTC_TIME = 0x17;
  private static final int VERSION = 0xa0;
  private static final int EXTENSIONS = 0xa3;
  private static final int DNS_NAME = 0x82;

  private static final byte[] V3 = hex("020102");
  private static final byte[] SHA256_WITH_RSA = hex("300d06092a864886f70d01010b0500");
  private static final byte[] COMMON_NAME = hex("0603550403");
  private static final byte[] BASIC_CONSTRAINTS = hex("0603551d13");
  private static final byte[] IS_AUTHORITY = hex("30030101ff");
  private static final byte[] SUBJECT_ALTERNATIVE_NAME = hex("0603551d11");

  private static final DateTimeFormatter UTC =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  static ThrowawayTls of(String name, Instant now) throws GeneralSecurityException, IOException {
    var authority = keys();
    var server = keys();
    var root =
        certificate(
            "authority", authority, authority.getPrivate(), now, BASIC_CONSTRAINTS, IS_AUTHORITY);
    var leaf =
        certificate(
            "server",
            server,
            authority.getPrivate(),
            now,
            SUBJECT_ALTERNATIVE_NAME,
            der(SEQUENCE, der(DNS_NAME, name.getBytes(StandardCharsets.US_ASCII))));

    var shown = emptyStore();
    shown.setKeyEntry("server", server.getPrivate(), new char[0], new Certificate[] {leaf, root});
    var managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(shown, new char[0]);
    var context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);

    var trusted = emptyStore();
    trusted.setCertificateEntry("authority", root);
    var trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(trusted);
    return new ThrowawayTls(context, trust);
  }

  private static KeyPair keys() throws GeneralSecurityException {
    var generator = KeyPairGenerator.getInstance("RSA");
    generator.initialize(2048);
    return generator.generateKeyPair();
  }

  private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
    var store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  /** With one extension, which says what it is for. */
  private static Certificate certificate(
      String subject,
      KeyPair keys,
      PrivateKey authority,
      Instant now,
      byte[] extension,
      byte[] value)
      throws GeneralSecurityException {
    var valid =
        der(SEQUENCE, time(now.minus(Duration.ofDays(1))), time(now.plus(Duration.ofDays(1))));
    var serial = der(INTEGER, BigInteger.valueOf(now.toEpochMilli()).toByteArray());
    var extensions =
        der(EXTENSIONS, der(SEQUENCE, der(SEQUENCE, extension, der(OCTET_STRING, value))));
    var told =
        der(
            SEQUENCE,
            der(VERSION, V3),
            serial,
            SHA256_WITH_RSA,
            name("authority"),
            valid,
            name(subject),
            keys.getPublic().getEncoded(),
            extensions);
    var signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(authority);
    signature.update(told);
    // A bit string begins with the number of bits that its last byte leaves unused.
    var signed =
        der(SEQUENCE, told, SHA256_WITH_RSA, der(BIT_STRING, new byte[1], signature.sign()));
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(signed));
  }

  private static byte[] name(String commonName) {
    var text = der(UTF8_STRING, commonName.getBytes(StandardCharsets.UTF_8));
    return der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, text)));
  }

  private static byte[] time(Instant at) {
    return der(UTC_TIME, UTC.format(at).getBytes(StandardCharsets.US_ASCII));
  }

  /** A tag, a length and the parts. */
  private static byte[] der(int tag, byte[]... parts) {
    var content = new ByteArrayOutputStream();
    for (var part : parts) {
      content.writeBytes(part);
    }
    var length = content.size();
    var whole = new ByteArrayOutputStream();
    whole.write(tag);
    if (length > 0xff) {
      whole.write(0x82);
      whole.write(length >>> 8);
    } else if (length > 0x7f) {
      whole.write(0x81);
    }
    whole.write(length);
    whole.writeBytes(content.toByteArray());
    return whole.toByteArray();
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text);
  }
}
