/** The Linux system calls of which the filter of sandboxed programs (seccomp.ts) knows, and what becomes of each. Every
 * other call fails with ENOSYS, as on an older kernel, and libraries then fall back: so memfd_create (memory that no
 * limit counts), clone3 (its flags lie behind a pointer), io_uring, pidfd_*, process_madvise, splice, copy_file_range,
 * aio, timers and descriptors for timers and signals, pkey_*, and all calls newer than this table.
 * Source of the numbers: the kernel's arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */

/** The names that Node gives to x86_64 and aarch64. */
export type Architecture = 'x64' | 'arm64';

/** allowed: runs; judged: its arguments decide; refused: fails with EPERM. */
export type Treatment = 'allowed' | 'judged' | 'refused';

export interface Syscall {
  readonly name: string;
  readonly treatment: Treatment;
  /** Null where the architecture has no such call. */
  readonly numbers: Readonly<Record<Architecture, number | null>>;
}

/** Reads `name=x64/arm64` separated by white space; `-` is no such call. */
function calls(treatment: Treatment, text: string): Syscall[] {
  const number = (digits: string | undefined) => (digits === '-' ? null : Number(digits));
  return text
    .trim()
    .split(/\s+/)
    .map((entry) => {
      const [name, x64, arm64] = entry.split(/[=/]/);
      return { name: name ?? '', treatment, numbers: { x64: number(x64), arm64: number(arm64) } };
    });
}

const MEMORY = `
  mmap=9/222 munmap=11/215 mprotect=10/226 mremap=25/216 brk=12/214 madvise=28/233 mincore=27/232 msync=26/227`;

// glibc ends a process that cannot register rseq for a new thread when its first thread could: it is no luxury.
const PROCESSES_AND_THREADS = `
  fork=57/- vfork=58/- execve=59/221 exit=60/93 exit_group=231/94 wait4=61/260 waitid=247/95 futex=202/98
  set_robust_list=273/99 set_tid_address=218/96 rseq=334/293 sched_yield=24/124 getcpu=309/168
  restart_syscall=219/128 sched_getaffinity=204/123 sched_getparam=143/121 sched_getscheduler=145/120
  sched_get_priority_max=146/125 sched_get_priority_min=147/126 gettid=186/178 getpid=39/172 getppid=110/173
  getpgid=121/155 getpgrp=111/- getsid=124/156 setsid=112/157 setpgid=109/154 getuid=102/174 geteuid=107/175
  getgid=104/176 getegid=108/177 getgroups=115/158 getresuid=118/148 getresgid=120/150 getrlimit=97/163
  setrlimit=160/164 getrusage=98/165 sysinfo=99/179 uname=63/160 getrandom=318/278`;

const SIGNALS_AND_TIME = `
  rt_sigaction=13/134 rt_sigprocmask=14/135 rt_sigreturn=15/139 rt_sigpending=127/136 rt_sigsuspend=130/133
  rt_sigtimedwait=128/137 sigaltstack=131/132 pause=34/- alarm=37/- getitimer=36/102 setitimer=38/103
  nanosleep=35/101 clock_nanosleep=230/115 clock_gettime=228/113 clock_getres=229/114 gettimeofday=96/169 time=201/-
  times=100/153`;

const DESCRIPTORS = `
  read=0/63 write=1/64 readv=19/65 writev=20/66 pread64=17/67 pwrite64=18/68 preadv=295/69 pwritev=296/70 lseek=8/62
  close=3/57 close_range=436/436 dup=32/23 dup2=33/- dup3=292/24 pipe=22/- pipe2=293/59 sendfile=40/71
  ftruncate=77/46 fsync=74/82 fdatasync=75/83 flock=73/32 poll=7/- ppoll=271/73 select=23/- pselect6=270/72
  epoll_create1=291/20 epoll_ctl=233/21 epoll_wait=232/- epoll_pwait=281/22 eventfd2=290/19`;

// Reading extended attributes: shutil.copy2 gives up where it fails with anything but "not supported".
const FILES = `
  open=2/- openat=257/56 creat=85/- stat=4/- fstat=5/80 lstat=6/- newfstatat=262/79 statx=332/291 statfs=137/43
  fstatfs=138/44 access=21/- faccessat=269/48 faccessat2=439/439 readlink=89/- readlinkat=267/78 getdents64=217/61
  getcwd=79/17 chdir=80/49 fchdir=81/50 umask=95/166 mkdir=83/- mkdirat=258/34 rmdir=84/- unlink=87/- unlinkat=263/35
  rename=82/- renameat=264/38 renameat2=316/276 link=86/- linkat=265/37 symlink=88/- symlinkat=266/36 truncate=76/45
  chmod=90/- fchmod=91/52 fchmodat=268/53 utimes=235/- utimensat=280/88 getxattr=191/8 lgetxattr=192/9
  listxattr=194/11 llistxattr=195/12`;

// On the two ends of a socketpair, the only sockets: libuv connects child processes, asyncio wakes its loop and Java
// closes its files with them.
const SOCKET_PAIRS = 'shutdown=48/210 getsockname=51/204 getsockopt=55/209';

const JUDGED = `
  clone=56/220 prlimit64=302/261 kill=62/129 tkill=200/130 tgkill=234/131 prctl=157/167 arch_prctl=158/- ioctl=16/29
  fcntl=72/25 socketpair=53/199 sendto=44/206 recvfrom=45/207`;

const OTHER_PROCESSES = `
  ptrace=101/117 process_vm_readv=310/270 process_vm_writev=311/271 kcmp=312/272 get_robust_list=274/100
  rt_sigqueueinfo=129/138 rt_tgsigqueueinfo=297/240 perf_event_open=298/241 setpriority=141/140
  sched_setparam=142/118 sched_setscheduler=144/119 sched_setaffinity=203/122 sched_setattr=314/274 ioprio_set=251/30
  personality=135/92
  shmget=29/194 shmat=30/196 shmctl=31/195 shmdt=67/197 semget=64/190 semop=65/193 semctl=66/191 semtimedop=220/192
  msgget=68/186 msgsnd=69/189 msgrcv=70/188 msgctl=71/187 mq_open=240/180 mq_unlink=241/181 mq_timedsend=242/182
  mq_timedreceive=243/183 mq_notify=244/184 mq_getsetattr=245/185`;

// Without sendmsg and recvmsg no descriptor travels through a socketpair.
const NETWORK = `
  socket=41/198 connect=42/203 bind=49/200 listen=50/201 accept=43/202 accept4=288/242 sendmsg=46/211
  sendmmsg=307/269 recvmsg=47/212 recvmmsg=299/243 setsockopt=54/208 getpeername=52/205`;

const PINNED_MEMORY = `
  mlock=149/228 mlock2=325/284 mlockall=151/230 mbind=237/235 set_mempolicy=238/237 migrate_pages=256/238
  move_pages=279/239`;

const PRIVILEGES = `
  setuid=105/146 setgid=106/144 setreuid=113/145 setregid=114/143 setresuid=117/147 setresgid=119/149
  setfsuid=122/151 setfsgid=123/152 setgroups=116/159 capget=125/90 capset=126/91 seccomp=317/277
  landlock_create_ruleset=444/444 landlock_add_rule=445/445 landlock_restrict_self=446/446`;

// sync writes out the whole machine's files, and watches count against all programs of the user.
const FILE_SYSTEMS = `
  chown=92/- fchown=93/55 lchown=94/- fchownat=260/54 mknod=133/- mknodat=259/33 setxattr=188/5 lsetxattr=189/6
  fsetxattr=190/7 removexattr=197/14 lremovexattr=198/15 fremovexattr=199/16 sync=162/81 syncfs=306/267
  inotify_init=253/- inotify_init1=294/26 inotify_add_watch=254/27 inotify_rm_watch=255/28 fanotify_init=300/262
  fanotify_mark=301/263 quotactl=179/60 quotactl_fd=443/443 name_to_handle_at=303/264 open_by_handle_at=304/265
  mount=165/40 umount2=166/39 pivot_root=155/41 chroot=161/51 unshare=272/97 setns=308/268 open_tree=428/428
  move_mount=429/429 fsopen=430/430 fsconfig=431/431 fsmount=432/432 fspick=433/433 mount_setattr=442/442
  swapon=167/224 swapoff=168/225`;

const KERNEL = `
  add_key=248/217 request_key=249/218 keyctl=250/219 init_module=175/105 finit_module=313/273 delete_module=176/106
  kexec_load=246/104 kexec_file_load=320/294 bpf=321/280 userfaultfd=323/282 reboot=169/142 acct=163/89
  vhangup=153/58 sethostname=170/161 setdomainname=171/162 syslog=103/116 settimeofday=164/170 adjtimex=159/171
  clock_settime=227/112 clock_adjtime=305/266 iopl=172/- ioperm=173/- modify_ldt=154/-`;

export const SYSCALLS: readonly Syscall[] = [
  ...calls('allowed', MEMORY + PROCESSES_AND_THREADS + SIGNALS_AND_TIME + DESCRIPTORS + FILES),
  ...calls('allowed', SOCKET_PAIRS),
  ...calls('judged', JUDGED),
  ...calls('refused', OTHER_PROCESSES + NETWORK + PINNED_MEMORY + PRIVILEGES + FILE_SYSTEMS + KERNEL),
];
