/* The inside of a Java program's virtual machine. `serve <class>` answers stdin tests, one after another, each a mark
 * and a JSON string a line on descriptor 4, with one line, the mark and JSON, on descriptor 3; each test has the program's classes anew.
 * `run <class> <argument>...` runs the program once, on the real standard streams. <class>: the simple name of the class
 * whose main counts where several have one. Nothing here holds a hostile program: the sandbox around this process does.
 * Plain loops: each lambda would cost milliseconds of every program's compilation and start. */
package sandbox;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.TimeZone;

final class Serve implements Runnable, Thread.UncaughtExceptionHandler {
    static final File CLASSES = new File("/box/classes");
    static final int DETAIL_CHARS = 1000;
    static final long MOST_STACK_BYTES = 64L << 20;

    static final class NoMain extends Exception {
        private static final long serialVersionUID = 1;

        @Override
        public String toString() {
            return "no class has a method public static void main(String[])";
        }
    }

    public static void main(String[] args) throws Throwable {
        List<String> names = classNames(args[1]);
        if (args[0].equals("serve")) {
            new Serve(names).serve();
            return;
        }
        try {
            Object arguments = Arrays.copyOfRange(args, 2, args.length);
            mainOf(names, Serve.class.getClassLoader()).invoke(null, arguments);
        } catch (Throwable error) {
            Throwable cause = error instanceof InvocationTargetException ? error.getCause() : error;
            say(failure(cause));
            throw cause;
        }
    }

    final List<String> names;
    final InputStream calls;
    final OutputStream out;
    final PrintStream err = System.err;
    final Properties properties = (Properties) System.getProperties().clone();
    final Locale locale = Locale.getDefault();
    final Set<Thread> ours;
    volatile Throwable failed;
    volatile boolean memoryRefused;

    Serve(List<String> names) throws ReflectiveOperationException {
        this.names = names;
        calls = new BufferedInputStream(new FileInputStream(descriptor(4)), 1 << 16);
        out = new Shared(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
        Runtime.getRuntime().addShutdownHook(new Flush(out));
        ours = new HashSet<>(threads());
    }

    /** Standard output of all tests: a program that closes its System.out does not close it. */
    static final class Shared extends FilterOutputStream {
        Shared(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            out.write(bytes, from, count);
        }

        @Override
        public void close() throws IOException {
            flush();
        }
    }

    /** What was printed before System.exit counts. */
    static final class Flush extends Thread {
        final OutputStream out;

        Flush(OutputStream out) {
            this.out = out;
        }

        @Override
        public void run() {
            try {
                out.flush();
            } catch (IOException error) {
                Runtime.getRuntime().halt(1);
            }
        }
    }

    void serve() throws Exception {
        for (byte[] line = nextLine(); line != null; line = nextLine()) {
            failed = null;
            memoryRefused = false;
            System.setProperties((Properties) properties.clone());
            Locale.setDefault(locale);
            TimeZone.setDefault(null);
            System.setIn(new ByteArrayInputStream(unquoted(line)));
            System.setOut(new PrintStream(out, false, StandardCharsets.UTF_8));
            System.setErr(err);
            Thread.setDefaultUncaughtExceptionHandler(this);
            long stack = Math.min(MOST_STACK_BYTES, Runtime.getRuntime().maxMemory() / 8);
            Thread program = new Thread(null, this, "main", stack);
            line = null; // as large as the test's input
            program.start();
            await(program);
            boolean clean = waitForThreads();
            System.out.flush();
            out.flush();
            System.setIn(InputStream.nullInputStream());
            String answer = "{\"done\":true}";
            if (memoryRefused) answer = failure(new OutOfMemoryError());
            else if (failed != null) answer = failure(failed);
            failed = null;
            say(clean ? answer : answer.substring(0, answer.length() - 1) + ",\"last\":true}");
        }
    }

    /** The program's main thread. */
    @Override
    public void run() {
        try (URLClassLoader loader = new URLClassLoader(new URL[] {CLASSES.toURI().toURL()}, ClassLoader.getPlatformClassLoader())) {
            Thread.currentThread().setContextClassLoader(loader);
            mainOf(names, loader).invoke(null, (Object) new String[0]);
        } catch (InvocationTargetException error) {
            failed = error.getCause();
        } catch (Throwable error) {
            failed = error;
        }
        if (failed != null && !isMemory(failed)) failed.printStackTrace();
    }

    @Override
    public void uncaughtException(Thread thread, Throwable error) {
        memoryRefused |= isMemory(error);
        System.err.print("Exception in thread \"" + thread.getName() + "\" ");
        error.printStackTrace();
    }

    /** Waits, as Java does, for the program's threads that are no daemons; false where daemons of it live on. */
    boolean waitForThreads() {
        for (;;) {
            List<Thread> left = threads();
            left.removeAll(ours);
            Thread next = null;
            for (Thread thread : left) if (!thread.isDaemon()) next = thread;
            if (next == null) return left.isEmpty();
            await(next);
        }
    }

    /** The program may interrupt this thread. */
    static void await(Thread thread) {
        for (;;) {
            try {
                thread.join();
                return;
            } catch (InterruptedException again) {
                continue;
            }
        }
    }

    static List<Thread> threads() {
        ThreadGroup root = Thread.currentThread().getThreadGroup();
        while (root.getParent() != null) root = root.getParent();
        Thread[] found = new Thread[root.activeCount() + 64];
        int count = root.enumerate(found);
        while (count == found.length) {
            found = new Thread[2 * found.length];
            count = root.enumerate(found);
        }
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            // But for the library's own, which cleans up after its files.
            if (!found[i].getClass().getName().equals("jdk.internal.misc.InnocuousThread")) threads.add(found[i]);
        }
        return threads;
    }

    /** The program's classes: first those named as wished, then Main and Solution, then in order of name. */
    static List<String> classNames(String wished) {
        List<String> all = new ArrayList<>();
        collect(CLASSES, "", all);
        Collections.sort(all);
        List<String> ordered = new ArrayList<>();
        for (String first : new String[] {wished, "Main", "Solution"}) {
            for (String name : all) if (name.substring(name.lastIndexOf('.') + 1).equals(first)) ordered.add(name);
        }
        for (String name : all) if (!ordered.contains(name)) ordered.add(name);
        return ordered;
    }

    static void collect(File folder, String prefix, List<String> names) {
        for (File file : folder.listFiles()) {
            String name = prefix + file.getName();
            if (file.isDirectory()) collect(file, name + ".", names);
            else if (!name.startsWith("sandbox.Serve")) names.add(name.substring(0, name.length() - ".class".length()));
        }
    }

    static Method mainOf(List<String> names, ClassLoader loader) throws ClassNotFoundException, NoMain {
        for (String name : names) {
            for (Method method : Class.forName(name, false, loader).getDeclaredMethods()) {
                Class<?>[] types = method.getParameterTypes();
                int modifiers = method.getModifiers();
                boolean fits = types.length == 1 && types[0] == String[].class && method.getName().equals("main");
                if (fits && Modifier.isStatic(modifiers) && Modifier.isPublic(modifiers)) {
                    method.setAccessible(true);
                    return method;
                }
            }
        }
        throw new NoMain();
    }

    static boolean isMemory(Throwable error) {
        Throwable root = error.getCause() instanceof OutOfMemoryError ? error.getCause() : error;
        return root instanceof OutOfMemoryError && !String.valueOf(root.getMessage()).contains("native thread");
    }

    static String failure(Throwable error) {
        String verdict = isMemory(error) ? "memory-limit" : "runtime-error";
        return "{\"error\":" + quoted(describe(error)) + ",\"verdict\":\"" + verdict + "\"}";
    }

    /** The exception and the innermost line of the program that it went through. */
    static String describe(Throwable error) {
        try {
            Throwable shown = error instanceof ExceptionInInitializerError && error.getCause() != null ? error.getCause() : error;
            String text = shown.toString();
            int end = text.indexOf('\n');
            text = text.substring(0, Math.min(end < 0 ? text.length() : end, DETAIL_CHARS));
            for (StackTraceElement frame : shown.getStackTrace()) {
                boolean ofProgram = frame.getModuleName() == null && !frame.getClassName().startsWith("sandbox.Serve");
                if (ofProgram && frame.getLineNumber() > 0) return text + " (line " + frame.getLineNumber() + ")";
            }
            return text;
        } catch (Throwable unprintable) {
            return "an exception that cannot be printed";
        }
    }

    static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\' || letter < ' ' || letter > '~') {
                json.append("\\u").append(Integer.toHexString(0x10000 | letter), 1, 5);
            } else {
                json.append(letter);
            }
        }
        return json.append('"').toString();
    }

    /** The UTF-8 bytes of a JSON string of ASCII. */
    static byte[] unquoted(byte[] json) {
        StringBuilder text = new StringBuilder(json.length);
        for (int i = 1; i < json.length - 1; i++) {
            char letter = (char) json[i];
            if (letter == '\\') {
                letter = (char) json[++i];
                int known = "ntrbf".indexOf(letter);
                if (known >= 0) {
                    letter = "\n\t\r\b\f".charAt(known);
                } else if (letter == 'u') {
                    letter = (char) Integer.parseInt(new String(json, i + 1, 4, StandardCharsets.US_ASCII), 16);
                    i += 4;
                }
            }
            text.append(letter);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The mark of the call that is being answered, and a space (supervise.py); empty before the first. */
    static String mark = "";

    /** Without its mark; null at the end of the calls. */
    byte[] nextLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(1 << 12);
        StringBuilder first = new StringBuilder();
        while (first.length() == 0 || first.charAt(first.length() - 1) != ' ') {
            int next = calls.read();
            if (next < 0) return null;
            first.append((char) next);
        }
        mark = first.toString();
        for (int next = calls.read(); next != '\n'; next = calls.read()) {
            if (next < 0) return null;
            line.write(next);
        }
        return line.toByteArray();
    }

    static void say(String answer) throws IOException, ReflectiveOperationException {
        new FileOutputStream(descriptor(3)).write((mark + answer + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** The library has no other way to a descriptor that was inherited, where there is no /dev/fd. */
    static FileDescriptor descriptor(int number) throws ReflectiveOperationException {
        Constructor<FileDescriptor> constructor = FileDescriptor.class.getDeclaredConstructor(int.class);
        constructor.setAccessible(true);
        return constructor.newInstance(number);
    }
}
