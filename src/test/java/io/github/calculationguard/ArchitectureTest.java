package io.github.calculationguard;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.simpleNameEndingWith;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.InstantSource;

/** Who may know whom: lambda → aws → report → {stop, guard} → spark, and never back. */
@AnalyzeClasses(packagesOf = ArchitectureTest.class, importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ROOT = "io.github.calculationguard.";
  private static final String LOCAL_ATHENA = "io.github.athenasparklocal..";

  @ArchTest
  static final ArchRule ARROWS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("lambda")
          .definedBy(ROOT + "lambda..")
          .layer("aws")
          .definedBy(ROOT + "aws..")
          .layer("report")
          .definedBy(ROOT + "report..")
          .layer("stop")
          .definedBy(ROOT + "stop..")
          .layer("guard")
          .definedBy(ROOT + "guard..")
          .layer("spark")
          .definedBy(ROOT + "spark..")
          .whereLayer("lambda")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("aws")
          .mayOnlyBeAccessedByLayers("lambda")
          .whereLayer("report")
          .mayOnlyBeAccessedByLayers("lambda", "aws")
          .whereLayer("stop")
          .mayOnlyBeAccessedByLayers("lambda", "aws", "report")
          .whereLayer("guard")
          .mayOnlyBeAccessedByLayers("lambda", "aws", "report");

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching(ROOT + "(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule NO_OTHER_PACKAGES =
      classes()
          .should()
          .resideInAnyPackage(
              ROOT + "spark",
              ROOT + "stop",
              ROOT + "guard",
              ROOT + "report",
              ROOT + "aws",
              ROOT + "lambda");

  @ArchTest
  static final ArchRule THE_LANGUAGE_KNOWS_THE_JDK_ALONE =
      classes()
          .that()
          .resideInAPackage(ROOT + "spark..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "org.jspecify..", ROOT + "spark..");

  @ArchTest
  static final ArchRule DECISIONS_KNOW_THE_JDK_AND_THE_LANGUAGE =
      classes()
          .that()
          .resideInAnyPackage(ROOT + "stop..", ROOT + "guard..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..", "org.jspecify..", ROOT + "spark..", ROOT + "stop..", ROOT + "guard..");

  @ArchTest
  static final ArchRule ONLY_AWS_KNOWS_THE_SDK =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "aws..")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("software.amazon.awssdk..");

  @ArchTest
  static final ArchRule ONLY_LAMBDA_KNOWS_LAMBDA =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "lambda..")
          .should()
          .dependOnClassesThat(resideInAnyPackage("com.amazonaws..", "org.crac.."));

  @ArchTest
  static final ArchRule ONLY_HANDLERS_READ_THE_CLOCK =
      noClasses()
          .that(
              DescribedPredicate.not(
                  simpleNameEndingWith("Handler").or(simpleNameEndingWith("Priming"))))
          .should()
          .callMethodWhere(
              owner(Instant.class)
                  .and(named("now"))
                  .or(owner(Clock.class).and(named("system.*")))
                  .or(owner(InstantSource.class).and(named("system")))
                  .or(owner(System.class).and(named("currentTimeMillis|nanoTime")))
                  .or(named("now").and(inPackage("java.time")))
                  .or(owner(Thread.class).and(named("sleep"))));

  @ArchTest
  static final ArchRule ONLY_HANDLERS_READ_THE_ENVIRONMENT =
      noClasses()
          .that(DescribedPredicate.not(simpleNameEndingWith("Handler")))
          .should()
          .callMethodWhere(owner(System.class).and(named("getenv|getProperty")));

  @ArchTest
  static final ArchRule THE_GUARD_DOES_NOT_KNOW_THE_LOCAL_ATHENA =
      noClasses().should().dependOnClassesThat().resideInAPackage(LOCAL_ATHENA);

  @ArchTest
  static void theLocalAthenaDoesNotKnowTheGuard(JavaClasses guard) {
    var classes = new ClassFileImporter().importPath(Path.of("target", "local-classes"));
    classes()
        .that()
        .resideOutsideOfPackage("io.github.athenasparklocal.junit")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            LOCAL_ATHENA, "java..", "javax.crypto..", "com.sun.net.httpserver..", "org.jspecify..")
        .check(classes);
    classes()
        .should()
        .onlyDependOnClassesThat(
            DescribedPredicate.not(resideInAPackage("io.github.calculationguard..")))
        .check(classes);
  }

  @ArchTest
  static void theGuardsPackageHoldsNothingOfTheLocalAthena(JavaClasses guard) throws IOException {
    try (var files = Files.walk(Path.of("target", "classes"))) {
      assertThat(files).noneMatch(file -> file.toString().contains("athenasparklocal"));
    }
  }

  /** As other people's tests would: its public types, and no test of its own package. */
  @ArchTest
  static void theGuardsTestsUseThePublicFaceOfTheLocalAthena(JavaClasses guard) {
    var own = new ClassFileImporter().importPath(Path.of("target", "local-classes"));
    var tests = new ClassFileImporter().importPath(Path.of("target", "test-classes"));
    var publicFace =
        DescribedPredicate.<JavaClass>describe(
            "public types of the local Athena",
            type -> own.contain(type.getName()) && type.getModifiers().contains(PUBLIC));
    noClasses()
        .that()
        .resideOutsideOfPackage(LOCAL_ATHENA)
        .should()
        .dependOnClassesThat(resideInAPackage(LOCAL_ATHENA).and(DescribedPredicate.not(publicFace)))
        .check(tests);
    noClasses()
        .that()
        .resideInAPackage(LOCAL_ATHENA)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + ".")
        .check(tests);
  }

  private static DescribedPredicate<JavaCall<?>> owner(Class<?> type) {
    return JavaCall.Predicates.target(
            com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                JavaClass.Predicates.type(type)))
        .forSubtype();
  }

  private static DescribedPredicate<JavaCall<?>> inPackage(String name) {
    return JavaCall.Predicates.target(
            com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner(
                resideInAPackage(name)))
        .forSubtype();
  }

  private static DescribedPredicate<JavaCall<?>> named(String regex) {
    return JavaCall.Predicates.target(nameMatching(regex)).forSubtype();
  }
}
